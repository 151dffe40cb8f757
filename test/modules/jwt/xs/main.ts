/** Makes tokens, digests and signatures on XS, one an event. */
import { Handle } from '../../../../hosts/xs/device/operations';
import { Wire } from '../../../../hosts/xs/device/wire';
import { HmacSha256 } from '../../../../modules/jwt/hmac';
import { TokenSource } from '../../../../modules/jwt/jwt';
import { Sha256 } from '../../../../modules/jwt/sha256';
import type { Clock } from '../../../../modules/ports';

const clock = {
	ticks: 0,
	time: undefined as number | undefined,
	alarm() {
		throw new Error('nobody waits here');
	},
} satisfies Clock;
let source: TokenSource | undefined;
let draws = 0;

const acts = {
	sha256: (message: ArrayBuffer) => new Sha256().update(new Uint8Array(message)).digest().buffer,
	hmac: (key: ArrayBuffer, message: ArrayBuffer) =>
		new HmacSha256(new Uint8Array(key)).sign(new Uint8Array(message)).buffer,
	open(deviceId: string, secret: string) {
		source = new TokenSource({ clock, deviceId, secret, random32: () => draws++ });
	},
	token(time?: number) {
		clock.time = time;
		return source!.token();
	},
	rejected: () => source!.rejected(),
	accepted: () => source!.accepted(),
};

new Wire().attachFunction((act: keyof typeof acts, ...values: never[]) => {
	try {
		return (acts[act] as (...values: never[]) => unknown)(...values);
	} catch (thrown) {
		return `${(thrown as { code?: string }).code}: ${(thrown as Error).message}`;
	}
}, Handle.DEVICE);
