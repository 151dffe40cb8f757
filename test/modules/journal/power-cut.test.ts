/**
 * The power is cut in every flash operation of a long script: at each one the flash is copied, the operation is torn in the
 * copy, and a journal recovers from it, while the script goes on with the original.
 */
import assert from 'node:assert/strict';
import { describe, expect, it } from 'vitest';
import { type FlashOperation, PowerCut, VirtualFlash } from '../../../hosts/simulator/board/flash';
import { seededRandom32 } from '../../../hosts/simulator/random';
import { Journal } from '../../../modules/journal/journal';

interface Geometry {
	readonly blocks: number;
	readonly blockLength: number;
	readonly payloadByteLength: number;
	readonly steps: number;
	/** How many ways each write and erase is torn. */
	readonly variants: number;
	/** Cut every n-th read only: a read leaves the flash as the operation before it did. */
	readonly everyRead: number;
	/** Let the backlog grow to this, then shrink; above the capacity, the oldest are dropped. */
	readonly swing: readonly number[];
}

/** What must be held: sequences in order, and which append made each. */
interface Held {
	readonly sequences: number[];
	readonly numbers: Map<number, number>;
}

type Step = { readonly append: number } | { readonly first: number; readonly last: number };

class Cutter {
	readonly flash: VirtualFlash;
	readonly tried = { read: 0, write: 0, erase: 0, again: 0 };
	readonly #geometry: Geometry;
	readonly #random = seededRandom32(7);
	readonly #twin: VirtualFlash;
	readonly #payload: Uint8Array;
	readonly #expected: Uint8Array;
	readonly #buffer: Uint8Array;
	readonly held: Held = { sequences: [], numbers: new Map() };
	dropped = 0;
	released = 0;
	#next = 1;
	#step: Step | undefined;
	#reads = 0;
	appended = 0;
	#failure: unknown;

	constructor(geometry: Geometry) {
		this.#geometry = geometry;
		const { blocks, blockLength, payloadByteLength } = geometry;
		this.flash = new VirtualFlash({ blocks, blockLength });
		this.#twin = new VirtualFlash({ blocks, blockLength, random32: seededRandom32(11) });
		this.#payload = new Uint8Array(payloadByteLength);
		this.#expected = new Uint8Array(payloadByteLength);
		this.#buffer = new Uint8Array(blockLength);
	}

	run(): void {
		const journal = this.#open(this.flash);
		this.flash.onOperation = (operation, byteOffset, bytes) => {
			try {
				if (this.#failure === undefined) this.#cut(operation, byteOffset, bytes);
			} catch (error) {
				// The journal takes what is thrown here for a fault of the flash.
				this.#failure = error;
			}
		};
		let growing = true;
		let turn = 0;
		for (let i = 0; i < this.#geometry.steps; i++) {
			const target = this.#geometry.swing[turn % this.#geometry.swing.length]!;
			const { sequences } = this.held;
			const dice = this.#random() % 100;
			if (growing && (sequences.length >= target || this.#random() % (target * 9) === 0)) growing = false;
			if (!growing && sequences.length === 0) {
				growing = true;
				turn++;
			}
			if (sequences.length === 0 || dice < (growing ? 80 : 30)) this.#append(journal);
			else this.#release(journal, dice);
			assert.equal(journal.backlog, this.held.sequences.length);
			assert.equal(journal.faults, 0);
		}
		assert.equal(this.flash.violations, 0);
	}

	#open(flash: VirtualFlash): Journal {
		return new Journal({ flash, payloadByteLength: this.#payload.length, random32: seededRandom32(3) });
	}

	#append(journal: Journal): void {
		const number = ++this.appended;
		this.#step = { append: number };
		const sequence = journal.append(this.#fill(number).slice());
		this.#step = undefined;
		if (this.#failure !== undefined) throw this.#failure;
		assert.equal(sequence, this.#next);
		this.#next = sequence + 1;
		this.#drop(journal.dropped - this.dropped);
		this.held.sequences.push(sequence);
		this.held.numbers.set(sequence, number);
	}

	#release(journal: Journal, dice: number): void {
		const { sequences } = this.held;
		const at = dice % 3 === 0 ? this.#random() % sequences.length : 0;
		const first = sequences[at]!;
		const last = dice % 2 === 0 ? first : first + (this.#random() % 12);
		this.#step = { first, last };
		const count = journal.release(first, last);
		this.#step = undefined;
		if (this.#failure !== undefined) throw this.#failure;
		const kept = sequences.filter((sequence) => sequence < first || sequence > last);
		assert.equal(count, sequences.length - kept.length);
		for (const sequence of sequences) if (sequence >= first && sequence <= last) this.held.numbers.delete(sequence);
		this.released += count;
		sequences.splice(0, sequences.length, ...kept);
	}

	#drop(count: number): void {
		this.dropped += count;
		for (const sequence of this.held.sequences.splice(0, count)) this.held.numbers.delete(sequence);
	}

	#cut(operation: FlashOperation, byteOffset: number, bytes: Uint8Array | undefined): void {
		if (operation === 'read' && ++this.#reads % this.#geometry.everyRead !== 0) return;
		for (let variant = operation === 'read' ? 1 : this.#geometry.variants; variant > 0; variant--) {
			const twin = this.#twin;
			twin.copy(this.flash);
			twin.cutAt(1);
			try {
				if (operation === 'write') twin.write(bytes!, byteOffset);
				else if (operation === 'erase') twin.eraseBlock(byteOffset / this.#geometry.blockLength);
				else twin.read(this.#buffer, Math.min(byteOffset, this.#twin.status().size - this.#buffer.length));
			} catch (error) {
				if (!(error instanceof PowerCut)) throw error;
			}
			this.tried[operation]++;
			this.#recover();
		}
	}

	/** Recovers from the twin; every other time the power goes again in one of the first operations. */
	#recover(): void {
		const twin = this.#twin;
		twin.powerOn();
		if (this.#random() % 2 === 0) {
			twin.cutAt(1 + (this.#random() % 40));
			try {
				// A journal that swallows the cut is a journal without power: what it says then counts for nothing.
				this.#open(twin).append(this.#fill(0));
			} catch {}
			if (twin.isOff) {
				this.tried.again++;
				twin.powerOn();
				this.#check(1);
				return;
			}
			twin.powerOn();
			this.#check(1, true);
			return;
		}
		this.#check(0);
	}

	/**
	 * @param strangers how many records the interrupted tries may have added at most
	 */
	#check(strangers: number, certain = false): void {
		const twin = this.#twin;
		const step = this.#step;
		const journal = this.#open(twin);
		const dropped = journal.dropped - this.dropped;
		const found = this.#list(journal, step, strangers);
		assert.equal(journal.damaged, 0);
		assert.ok(dropped >= 0);
		if (step === undefined || 'first' in step) {
			if (strangers === 0) assert.equal(dropped, 0);
		}
		let at = 0;
		const { sequences } = this.held;
		for (let i = dropped; i < sequences.length; i++) {
			const sequence = sequences[i]!;
			if (found[at] === sequence) at++;
			else if (!(step && 'first' in step && sequence >= step.first && sequence <= step.last)) {
				if (step && 'first' in step && strangers > 0) continue;
				assert.fail(`${sequence} is lost: ${found.slice(0, at + 3)}… of ${sequences}, ${dropped} dropped`);
			}
		}
		const more = found.length - at;
		assert.ok(more <= strangers + (step && 'append' in step ? 1 : 0));
		if (certain) assert.ok(more >= 1);
		for (const sequence of found.slice(at)) assert.ok(sequence >= this.#next);
		assert.ok(journal.nextSequence >= this.#next);
		assert.equal(journal.backlog, found.length);
		assert.equal(journal.oldest, found[0] ?? journal.nextSequence);

		// Life goes on, and what was seen once stays so.
		const sequence = journal.append(this.#fill(0));
		assert.ok(sequence >= this.#next);
		const lost = journal.dropped - this.dropped - dropped;
		const expected = [...found.slice(lost), sequence];
		const first = expected[0]!;
		journal.release(first);
		expected.shift();
		const again = this.#open(twin);
		assert.deepEqual(this.#list(again, step, 9), expected);
		assert.equal(again.backlog, expected.length);
		assert.equal(again.nextSequence, journal.nextSequence);
		assert.equal(twin.violations, 0);
	}

	/** Everything that is held, in order, each with the bytes it was appended with. */
	#list(journal: Journal, step: Step | undefined, strangers: number): number[] {
		const found: number[] = [];
		const payload = this.#payload;
		for (let after = 0; ; ) {
			const sequence = journal.next(after, payload);
			if (sequence === undefined) return found;
			if (sequence <= after) assert.fail(`${sequence} comes after ${after}`);
			let number = this.held.numbers.get(sequence);
			if (number === undefined && sequence >= this.#next) {
				const said = payload[0]! | (payload[1]! << 8) | (payload[2]! << 16);
				if ((step && 'append' in step && said === step.append) || (said === 0 && strangers > 0)) number = said;
			}
			if (number === undefined) assert.fail(`${sequence} was released or never appended, and is back`);
			const expected = this.#fill(number);
			for (let i = 0; i < payload.length; i++) if (payload[i] !== expected[i]) assert.fail(`${sequence} is not itself`);
			found.push(sequence);
			after = sequence;
		}
	}

	/** The payload of the n-th append. */
	#fill(number: number): Uint8Array {
		const bytes = this.#expected;
		bytes.fill(number * 37);
		bytes[0] = number;
		bytes[1] = number >> 8;
		bytes[2] = number >> 16;
		return bytes;
	}
}

function report(name: string, cutter: Cutter): void {
	const { read, write, erase, again } = cutter.tried;
	console.log(
		`${name}: ${read + write + erase} power cuts (${write} in writes, ${erase} in erases, ${read} in reads), ` +
			`${again} of them with a second cut in the recovery; ` +
			`${cutter.appended} appended, ${cutter.released} released, ${cutter.dropped} dropped`,
	);
}

describe('a power cut in every flash operation', { timeout: 300_000 }, () => {
	it('loses nothing, brings nothing back and keeps the order, over 12,000 steps on small blocks', () => {
		const cutter = new Cutter({
			blocks: 8,
			blockLength: 256,
			payloadByteLength: 7,
			steps: 12_000,
			variants: 2,
			everyRead: 1,
			swing: [30, 60, 300],
		});
		cutter.run();
		report('8 blocks of 256 bytes', cutter);
		expect(cutter.dropped).toBeGreaterThan(100);
		expect(cutter.appended + cutter.released).toBeGreaterThan(10_000);
	});

	it('does so with readings in blocks of 4096 bytes', () => {
		const cutter = new Cutter({
			blocks: 4,
			blockLength: 4096,
			payloadByteLength: 19,
			steps: 2_500,
			variants: 2,
			everyRead: 1,
			swing: [20, 600, 40],
		});
		cutter.run();
		report('4 blocks of 4096 bytes', cutter);
	});

	it('does so with the smallest journal, two blocks of two records', () => {
		const cutter = new Cutter({
			blocks: 2,
			blockLength: 64,
			payloadByteLength: 7,
			steps: 2_000,
			variants: 3,
			everyRead: 1,
			swing: [1, 2, 5],
		});
		cutter.run();
		report('2 blocks of 64 bytes', cutter);
	});

	it('of the first boot, on blank flash and on garbage, leaves a flash that boots empty', () => {
		let cuts = 0;
		for (const bytes of [undefined, new Uint8Array(1024).fill(0x5a)]) {
			for (let seed = 0; seed < 20; seed++) {
				for (let n = 1; ; n++) {
					const random32 = seededRandom32(seed);
					const flash = new VirtualFlash({ blocks: 8, blockLength: 128, random32, ...(bytes && { bytes }) });
					const open = (): Journal => new Journal({ flash, payloadByteLength: 7, random32 });
					flash.cutAt(n);
					try {
						open();
					} catch {}
					if (!flash.isOff) break;
					cuts++;
					flash.powerOn();
					const journal = open();
					expect([journal.backlog, journal.dropped, journal.damaged, journal.nextSequence]).toEqual([0, 0, 0, 1]);
					expect(journal.append(new Uint8Array(7))).toBe(1);
					expect([open().backlog, open().epoch]).toEqual([1, journal.epoch]);
					expect(flash.violations).toBe(0);
				}
			}
		}
		console.log(`first boot: ${cuts} power cuts`);
	});
});
