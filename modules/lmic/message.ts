/** What goes to the engine, and what comes from it: engine.h, byte for byte. */

export const Order = Object.freeze({ BEGIN: 1, JOIN: 2, RESUME: 3, GRANT: 4, SEND: 5, END: 6 } as const);

export const Told = Object.freeze({
	STATUS: 1,
	SESSION: 2,
	JOINED: 3,
	SENT: 4,
	DOWNLINK: 5,
	TIME: 6,
	FAULT: 7,
	HEARD: 8,
} as const);

/** Why the engine stopped. */
export const Failure = Object.freeze({ ASSERTION: 1, RADIO: 2, STUCK: 3, SESSION: 4, COUNTER: 5 } as const);

/** As a time to wait: an uplink is under way. */
export const NEVER = 0xffff_ffff;
/** In place of the number of waits: nobody knows them. */
const UNKNOWN = 255;
/** Of a session. */
export const HEAD_LENGTH = 16;
export const TAIL_MAX = 320;
export const WAITS_MAX = 8;
const SEND_CONFIRMED = 1;
const SEND_ASK_TIME = 2;

/** @param keys JoinEUI, DevEUI, AppKey: 8, 8 and 16 bytes as they are written, the first byte first */
export function begin(
	joinEui: Uint8Array,
	devEui: Uint8Array,
	appKey: Uint8Array,
	adr: boolean,
	subBand: number,
): Uint8Array {
	const message = new Uint8Array(35);
	message[0] = Order.BEGIN;
	for (let at = 0; at < 8; at++) {
		message[1 + at] = joinEui[7 - at]!;
		message[9 + at] = devEui[7 - at]!;
	}
	message.set(appKey, 17);
	message[33] = adr ? 1 : 0;
	message[34] = subBand;
	return message;
}

/** @param held milliseconds until it may ask again; NEVER: nobody knows @param since seconds since it asked first @param tried the head's byte of that */
export function join(nonce: number, held: number, since: number, tried: number): Uint8Array {
	const message = new Uint8Array(12);
	const view = new DataView(message.buffer);
	view.setUint8(0, Order.JOIN);
	view.setUint16(1, nonce, true);
	view.setUint32(3, held, true);
	view.setUint32(7, since, true);
	view.setUint8(11, tried);
	return message;
}

/** @param waits of the bands, in milliseconds; undefined: nobody knows, the engine presumes the worst */
export function resume(session: Uint8Array, waits: readonly number[] | undefined): Uint8Array {
	const message = new Uint8Array(2 + 4 * (waits?.length ?? 0) + session.byteLength);
	const view = new DataView(message.buffer);
	view.setUint8(0, Order.RESUME);
	message.set(session.subarray(0, HEAD_LENGTH), 1);
	view.setUint8(17, waits ? waits.length : UNKNOWN);
	let at = 18;
	for (const wait of waits ?? []) {
		view.setUint32(at, wait, true);
		at += 4;
	}
	message.set(session.subarray(HEAD_LENGTH), at);
	return message;
}

export function grant(counterLimit: number, nonceLimit: number): Uint8Array {
	const message = new Uint8Array(7);
	const view = new DataView(message.buffer);
	view.setUint8(0, Order.GRANT);
	view.setUint32(1, counterLimit, true);
	view.setUint16(5, nonceLimit, true);
	return message;
}

export function send(port: number, payload: Uint8Array, isConfirmed: boolean, asksTime: boolean): Uint8Array {
	const message = new Uint8Array(3 + payload.byteLength);
	message[0] = Order.SEND;
	message[1] = port;
	message[2] = (isConfirmed ? SEND_CONFIRMED : 0) | (asksTime ? SEND_ASK_TIME : 0);
	message.set(payload, 3);
	return message;
}

export const end = (): Uint8Array => new Uint8Array([Order.END]);

/** Of a status: what is in it and where. */
export interface Status {
	readonly isJoined: boolean;
	readonly room: number;
	/** Milliseconds, or NEVER. */
	readonly wait: number;
	readonly head: Uint8Array;
	readonly waits: readonly number[];
}

/** @returns undefined for bytes that are no status */
export function readStatus(message: ArrayBuffer): Status | undefined {
	if (message.byteLength < 24) return undefined;
	const view = new DataView(message);
	const count = view.getUint8(23);
	if (count > WAITS_MAX || message.byteLength !== 24 + 4 * count) return undefined;
	const waits: number[] = [];
	for (let at = 24; at < message.byteLength; at += 4) waits.push(view.getUint32(at, true));
	return {
		isJoined: view.getUint8(1) !== 0,
		room: view.getUint8(2),
		wait: view.getUint32(3, true),
		head: new Uint8Array(message.slice(7, 7 + HEAD_LENGTH)),
		waits,
	};
}
