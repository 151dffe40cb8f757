import type { Engine } from '../../../modules/lmic/interface';
import { crc16 } from '../../../modules/lmic/session';

export const REGION = 1;

/** An engine that says what a test makes it say, and remembers what it was told. */
export class FakeEngine implements Engine {
	readonly region = REGION;
	onMessage: ((message: ArrayBuffer) => void) | undefined;
	readonly told: Uint8Array[] = [];
	isOpen = false;

	open(): void {
		this.isOpen = true;
	}

	tell(message: Uint8Array): void {
		this.told.push(message.slice());
	}

	close(): void {
		this.isOpen = false;
	}

	/** What it was told since it was asked last, by first bytes. */
	orders(): number[] {
		return this.told.splice(0).map((message) => message[0]!);
	}

	say(...bytes: readonly number[]): void {
		this.onMessage?.(new Uint8Array(bytes).buffer);
	}

	/** @param wait milliseconds; undefined: an uplink is under way */
	status({ joined = true, room = 51, wait = 0 as number | undefined, up = 0, down = 0, nonce = 0, waits = [0] }): void {
		const message = new Uint8Array(24 + 4 * waits.length);
		const view = new DataView(message.buffer);
		message.set([1, joined ? 1 : 0, room]);
		view.setUint32(3, wait ?? 0xffff_ffff, true);
		view.setUint32(7, up, true);
		view.setUint32(11, down, true);
		view.setUint16(15, nonce, true);
		view.setUint8(23, waits.length);
		waits.forEach((each, at) => {
			view.setUint32(24 + 4 * at, each, true);
		});
		this.onMessage?.(message.buffer);
	}
}

/** The rest of a session, as lmic-engine.c would write it. */
export function tail(region = REGION, length = 90): Uint8Array {
	const bytes = new Uint8Array(length).map((_, at) => at);
	bytes[0] = 1;
	bytes[1] = region;
	new DataView(bytes.buffer).setUint16(length - 2, crc16(bytes, length - 2), true);
	return bytes;
}

export function sessionOf(up: number, nonce: number, rest = tail()): Uint8Array {
	const bytes = new Uint8Array(16 + rest.byteLength);
	new DataView(bytes.buffer).setUint32(0, up, true);
	new DataView(bytes.buffer).setUint16(8, nonce, true);
	bytes.set(rest, 16);
	return bytes;
}
