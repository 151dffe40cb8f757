import type { Keys } from './frames';

/** What a radio of the simulator knows of its session: the head that its owner reads (ports.ts), and what is behind it. */
export interface Session extends Keys {
	up: number;
	down: number;
	nonce: number;
	dataRate: number;
	readonly devAddr: Buffer;
	/** The join added channels. */
	readonly isWide: boolean;
}

const HEAD = 16;
const LENGTH = HEAD + 4 + 16 + 16 + 1;

/** Of a device that has not joined: what its head says. */
export interface Head {
	readonly nonce: number;
	/** Of the last join request; undefined: there was none. */
	readonly tried: number | undefined;
	readonly session: Session | undefined;
}

export function readSession(bytes: Uint8Array): Head | undefined {
	if (bytes.byteLength !== HEAD && bytes.byteLength !== LENGTH) return undefined;
	const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
	const nonce = view.getUint16(8, true);
	const tried = bytes.byteLength === HEAD && view.getUint8(10) > 0 ? view.getUint8(10) - 1 : undefined;
	if (bytes.byteLength === HEAD) return { nonce, tried, session: undefined };
	const part = (from: number, to: number) => Buffer.from(bytes.subarray(from, to));
	const session = {
		up: view.getUint32(0, true),
		down: view.getUint32(4, true),
		nonce,
		dataRate: view.getUint8(10),
		devAddr: part(16, 20),
		nwkSKey: part(20, 36),
		appSKey: part(36, 52),
		isWide: bytes[52] === 1,
	};
	return { nonce, tried, session };
}

/** @param tried the data rate of the join request, where there is no session */
export function writeSession(nonce: number, tried: number, session: Session | undefined): Uint8Array {
	const bytes = new Uint8Array(session ? LENGTH : HEAD);
	const view = new DataView(bytes.buffer);
	view.setUint16(8, nonce, true);
	if (!session) {
		view.setUint8(10, tried + 1);
		return bytes;
	}
	view.setUint32(0, session.up, true);
	view.setUint32(4, session.down, true);
	view.setUint8(10, session.dataRate);
	bytes.set(session.devAddr, 16);
	bytes.set(session.nwkSKey, 20);
	bytes.set(session.appSKey, 36);
	bytes[52] = session.isWide ? 1 : 0;
	return bytes;
}
