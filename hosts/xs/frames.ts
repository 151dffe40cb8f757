/**
 * Frames between Node and XS (wire.c is the twin, and says how they are laid out). Whoever asks waits for the answer, so no
 * more than one frame is ever under way.
 */
import { readSync, writeSync } from 'node:fs';

/** What a frame is for. Node sends events, answers and refusals; XS sends requests, and says how an event ended. */
export const Kind = Object.freeze({
	EVENT: 0x3e,
	COLLECT: 0x67,
	ANSWER: 0x3d,
	REFUSAL: 0x21,
	REQUEST: 0x3f,
	IDLE: 0x2e,
	ABORT: 0x2a,
} as const);

export type Value = undefined | null | boolean | number | string | Uint8Array;

/** Bytes of a frame after its length, at most. */
export const FRAME_LIMIT = 65_536;

const Tag = Object.freeze({ UNDEFINED: 0, NULL: 1, FALSE: 2, TRUE: 3, NUMBER: 4, TEXT: 5, BYTES: 6 } as const);

/** The bytes of a frame with these values. Throws a RangeError when they are more than a frame holds. */
export function encodeFrame(kind: number, values: readonly Value[]): Buffer {
	const parts = values.map(encodeValue);
	const length = parts.reduce((sum, part) => sum + part.byteLength, 1);
	if (length > FRAME_LIMIT) throw new RangeError(`a frame of ${length} bytes`);
	const head = Buffer.alloc(5);
	head.writeUInt32LE(length, 0);
	head[4] = kind;
	return Buffer.concat([head, ...parts]);
}

function encodeValue(value: Value): Buffer {
	if (value === undefined) return Buffer.of(Tag.UNDEFINED);
	if (value === null) return Buffer.of(Tag.NULL);
	if (typeof value === 'boolean') return Buffer.of(value ? Tag.TRUE : Tag.FALSE);
	if (typeof value === 'number') {
		const number = Buffer.alloc(9);
		number[0] = Tag.NUMBER;
		number.writeDoubleLE(value, 1);
		return number;
	}
	const bytes = typeof value === 'string' ? Buffer.from(value) : value;
	const head = Buffer.alloc(5);
	head[0] = typeof value === 'string' ? Tag.TEXT : Tag.BYTES;
	head.writeUInt32LE(bytes.byteLength, 1);
	return Buffer.concat([head, bytes]);
}

/** A frame that came, read from its front to its end. */
export class Frame {
	readonly kind: number;
	readonly #body: Buffer;
	#at = 0;

	constructor(kind: number, body: Buffer) {
		this.kind = kind;
		this.#body = body;
	}

	u8(): number {
		return this.#take(1)[0]!;
	}

	u32(): number {
		return this.#take(4).readUInt32LE();
	}

	text(): string {
		return this.#take(this.u32()).toString('utf8');
	}

	values(): Value[] {
		const values: Value[] = [];
		while (this.#at < this.#body.byteLength) values.push(this.#value());
		return values;
	}

	#value(): Value {
		const tag = this.u8();
		if (tag === Tag.UNDEFINED) return undefined;
		if (tag === Tag.NULL) return null;
		if (tag === Tag.FALSE || tag === Tag.TRUE) return tag === Tag.TRUE;
		if (tag === Tag.NUMBER) return this.#take(8).readDoubleLE();
		if (tag === Tag.TEXT) return this.text();
		if (tag === Tag.BYTES) return Uint8Array.from(this.#take(this.u32()));
		throw new Error(`xs: a value of kind ${tag}`);
	}

	#take(length: number): Buffer {
		if (length > this.#body.byteLength - this.#at) throw new Error('xs: a frame that is cut short');
		const part = this.#body.subarray(this.#at, this.#at + length);
		this.#at += length;
		return part;
	}
}

/** Reads one frame, waiting for it. Undefined when the other side is gone. */
export function readFrame(descriptor: number): Frame | undefined {
	const head = readAll(descriptor, 5);
	if (!head) return undefined;
	const length = head.readUInt32LE(0);
	if (length < 1 || length > FRAME_LIMIT) throw new Error(`xs: a frame of ${length} bytes`);
	const body = readAll(descriptor, length - 1);
	return body && new Frame(head[4]!, body);
}

function readAll(descriptor: number, length: number): Buffer | undefined {
	const bytes = Buffer.alloc(length);
	for (let at = 0; at < length; ) {
		const count = readSync(descriptor, bytes, at, length - at, null);
		if (count === 0) return undefined;
		at += count;
	}
	return bytes;
}

export function writeAll(descriptor: number, bytes: Buffer): void {
	for (let at = 0; at < bytes.byteLength; ) at += writeSync(descriptor, bytes, at);
}
