import { seededRandom32 } from '../../hosts/simulator/random';
import type { Random32 } from '../../modules/ports';

/** What often stands where it should not: raw JSON, or what is none. */
const values = [
	...['NaN', 'Infinity', '1e999', '-1', '-0', '1e-400', '0x10', '01', '+1', '.5', '9007199254740993', '4294967296'],
	...['null', 'true', '{}', '[]', '""', '"', "''", '', '{"__proto__":1}', '{"toString":1}', '1,"__proto__":{"a":1}'],
	...['"ESP32_002"', '"../../etc/passwd"', '"\\u0000"', '"\\ud800"', '"\'; DROP TABLE readings; --"', '1}//', '1}{'],
	...['253402300800000', '-62135596800001', '1767355200001', '0', '1767268800', '"1970-01-01T00:00:00Z"', '"é\u2028"'],
];

/** Makes bad out of good, from a seed: each case the same again. */
export class Material {
	readonly random32: Random32;

	constructor(seed: number) {
		this.random32 = seededRandom32(seed);
	}

	below(bound: number): number {
		return Math.floor((this.random32() / 2 ** 32) * bound);
	}

	pick<T>(list: readonly T[]): T {
		return list[this.below(list.length)]!;
	}

	noise(length: number): Buffer {
		const bytes = Buffer.allocUnsafe(length);
		for (let at = 0; at < length; at++) bytes[at] = this.random32() & 0xff;
		return bytes;
	}

	/** One of `good` with some of its bytes changed, gone, put in, twice, or from another; one in sixteen is noise. */
	bytes(good: readonly Buffer[]): Buffer {
		if (this.below(16) === 0) return this.noise(this.below(300));
		let bytes: Buffer = Buffer.from(this.pick(good));
		for (let left = this.pick([0, 1, 1, 1, 2, 3, 6]); left > 0; left--) bytes = this.#changed(bytes, good);
		return bytes;
	}

	/** The same of JSON, where mostly whole values change, so that it gets past the parser. */
	json(good: readonly Buffer[]): Buffer {
		if (this.below(4) === 0) return this.bytes(good);
		let text = this.pick(good).toString();
		for (let left = this.pick([0, 1, 1, 2, 3]); left > 0; left--) text = this.#valueChanged(text);
		return Buffer.from(text);
	}

	/** Bytes in pieces of any length. */
	*pieces(bytes: Buffer): Generator<Buffer> {
		for (let at = 0; at < bytes.length; ) {
			const to = at + 1 + this.below(this.pick([1, 5, 60, 2_000]));
			yield bytes.subarray(at, to);
			at = to;
		}
	}

	#changed(bytes: Buffer, good: readonly Buffer[]): Buffer {
		const at = this.below(bytes.length + 1);
		const kind = this.below(7);
		const rest = bytes.subarray(at + this.below(kind === 0 ? 20 : 2));
		if (kind === 1 && bytes.length > 0) {
			bytes[at % bytes.length]! ^= 1 << this.below(8);
			return bytes;
		}
		if (kind === 2) return bytes.subarray(0, at);
		const middle = [
			() => Buffer.alloc(0),
			() => Buffer.alloc(0),
			() => Buffer.alloc(0),
			() => Buffer.of(this.below(256)),
			() => bytes.subarray(at, at + this.below(40)),
			() => this.pick(good).subarray(this.below(20)),
			() => Buffer.from(this.#value()),
		][kind]!();
		return Buffer.concat([bytes.subarray(0, at), middle, rest]);
	}

	#valueChanged(text: string): string {
		const colon = text.indexOf(':', this.below(text.length));
		if (colon < 0) return `{"${this.pick(['type', '__proto__', 'device_id'])}":${this.#value()},${text.slice(1)}`;
		const rest = text.slice(colon + 1);
		const end = rest.search(/[,}\]]/);
		const kind = this.below(8);
		// A name twice, or a member gone.
		if (kind === 0) return `${text.slice(0, colon + 1)}${rest.slice(0, end)},${text.slice(1)}`;
		if (kind === 1) return text.slice(0, Math.max(1, text.lastIndexOf('"', colon - 2))) + rest.slice(end + 1);
		return text.slice(0, colon + 1) + this.#value() + rest.slice(Math.max(0, end));
	}

	#value(): string {
		const kind = this.below(12);
		const length = this.pick([8, 9, 64, 65, 1_025, 3_000]);
		if (kind === 0) return '['.repeat(length) + ']'.repeat(length);
		if (kind === 1) return `"${'x'.repeat(length)}"`;
		if (kind === 2) return '{"a":'.repeat(length);
		if (kind === 3) return `[${'0,'.repeat(length)}0]`;
		if (kind === 4) return JSON.stringify(this.noise(this.below(20)).toString('latin1'));
		if (kind === 5) return String((this.random32() - 2 ** 31) / 10 ** this.below(12));
		return this.pick(values);
	}
}
