import { grant, Order } from '../../../modules/lmic/message';
import { crc16 } from '../../../modules/lmic/session';
import type { RegionName } from '../radio/region';
import { regions } from '../radio/regions';
import { seededRandom32 } from '../random';
import { VirtualTime } from '../time';
import type { RadioName } from './build';
import type { Air } from './chip';
import { type EngineParts, Trial } from './trial';
import { Twin } from './twin';

export interface HostileOptions {
	readonly program: string;
	readonly region: RegionName;
	readonly radio: RadioName;
	readonly orders: number;
	readonly seed: number;
}

export interface HostileCounts {
	readonly orders: number;
	/** What it answered, by the first byte (engine.h). */
	readonly told: Readonly<Record<number, number>>;
	readonly frames: number;
}

const HEAD = 16;
const LONGEST = 400;

/**
 * Orders of chance for the engine: of every kind and length, sessions among them that are right but for a byte, or wrong with the
 * right checksum; and an air that answers with noise. That the program ends is an error (run it with sanitizers).
 * @throws Error when the program ends by itself
 */
export function hostileOrders(options: HostileOptions): HostileCounts {
	const { program, region, radio, orders, seed } = options;
	const random32 = seededRandom32(seed);
	const time = new VirtualTime();
	const told: Record<number, number> = {};
	let frames = 0;
	const session = sessionOf(options);
	const noise = (most: number): Uint8Array => new Uint8Array(random32() % (most + 1)).map(() => random32() & 255);
	const air: Air = {
		transmit: () => void frames++,
		hear(tuning, from) {
			if (random32() % 2 === 0) return undefined;
			return {
				tuning,
				bytes: noise(255),
				start: from,
				end: from + 100_000,
				rssiDbm: -100,
				snrDecibels: -20 + (random32() % 30),
			};
		},
	};
	const open = (): Twin => {
		const twin = new Twin({ program, region, radio, scheduler: time, air, random32 });
		twin.open();
		twin.onMessage = (message) => {
			const bytes = new Uint8Array(message);
			told[bytes[0]!] = (told[bytes[0]!] ?? 0) + 1;
		};
		return twin;
	};
	const order = (): Uint8Array => {
		const kind = random32() % 10;
		if (kind === 0) return noise(LONGEST);
		if (kind <= 2) return resumeOf(session);
		const known = [Order.BEGIN, Order.JOIN, Order.RESUME, Order.GRANT, Order.SEND, Order.SEND, Order.END];
		const body = noise(random32() % 4 === 0 ? LONGEST : 60);
		// Most of them long enough to be what they say.
		const least = random32() % 4 === 0 ? 0 : 35;
		const bytes = new Uint8Array(1 + Math.max(least, body.byteLength));
		bytes.set(body, 1);
		bytes[0] = known[random32() % known.length]!;
		return bytes;
	};
	const resumeOf = (tail: Uint8Array): Uint8Array => {
		const bent = tail.slice();
		for (let at = random32() % 4; at > 0; at--) bent[random32() % bent.length] = random32() & 255;
		const end = bent.byteLength - 2;
		if (random32() % 4 > 0) new DataView(bent.buffer).setUint16(end, crc16(bent, end), true);
		const waits = random32() % 3 === 0 ? 255 : random32() % 8;
		const held = waits === 255 ? 0 : 4 * waits;
		const bytes = new Uint8Array(2 + HEAD + held + bent.byteLength).map(() => random32() & 255);
		bytes[0] = Order.RESUME;
		// A data rate that there is, most of the time.
		if (random32() % 4 > 0) bytes[11] = random32() % 8;
		bytes[1 + HEAD] = waits;
		bytes.set(bent, 2 + HEAD + held);
		return bytes;
	};
	let twin = open();
	for (let at = 0; at < orders; at++) {
		// Alive and allowed to, it comes further.
		if (random32() % 6 === 0) {
			twin.tell(Uint8Array.of(Order.BEGIN, ...noise(34), ...new Uint8Array(34)));
			twin.tell(grant(0xffff_ffff, 0xffff));
			if (random32() % 4 > 0) twin.tell(resumeOf(session));
		}
		twin.tell(order());
		if (random32() % 3 === 0) time.advance(random32() % (random32() % 16 === 0 ? 40_000_000 : 20_000));
		if (random32() % 200 === 0) {
			twin.close();
			twin = open();
		}
	}
	twin.close();
	return { orders, told, frames };
}

/** What is behind the head of a session that a network gave. */
function sessionOf({ program, region, radio, seed }: HostileOptions): Uint8Array {
	const engine = (parts: EngineParts) => new Twin({ program, region, radio, ...parts });
	const trial = new Trial({ engine, region: regions[region], seed });
	trial.start();
	trial.until(() => trial.lmic.state === 'joined');
	trial.stop();
	return new Uint8Array(Buffer.from(trial.store.read('lora')!, 'hex')).slice(HEAD);
}
