/** What a server may say that means no good, from a seed: each case the same again. */

import type { Scheduler } from '../../../hosts/simulator/net/scheduler';
import type { VirtualRequest } from '../../../hosts/simulator/net/virtual-http-server';
import type { Random32 } from '../../../modules/ports';
import { ear } from '../../support/ear';
import { batch, makeHttpWorld, reading } from './world';

/** Messages of one `play`. */
export const ROUNDS = 5;

export class Hostility {
	readonly #random32: Random32;

	constructor(random32: Random32) {
		this.#random32 = random32;
	}

	below(bound: number): number {
		return Math.floor((this.#random32() / 2 ** 32) * bound);
	}

	pick<T>(values: readonly T[]): T {
		return values[this.below(values.length)]!;
	}

	/** Answers one request: some bytes, in some pieces, with some end. */
	answer(request: VirtualRequest, scheduler: Scheduler): void {
		const bytes = this.#mutated(Buffer.from(this.#whole(), 'latin1'));
		const pieces = this.pick([1, 1, 2, 5, 30]);
		const gap = this.pick([0, 0, 1, 50, 3_000]);
		for (let index = 0; index < pieces; index++) {
			const part = bytes.subarray((index * bytes.length) / pieces, ((index + 1) * bytes.length) / pieces);
			scheduler.schedule(index * gap, () => request.say(part));
		}
		const end = this.pick([() => request.end(), () => request.end(), () => request.reset(), () => {}]);
		scheduler.schedule(pieces * gap + this.pick([0, 0, 1, 100, 60_000]), end);
	}

	#whole(): string {
		const kind = this.below(12);
		if (kind === 0) return this.#noise(this.below(400));
		if (kind === 1) return 'HTTP/1.1 100 Continue\r\n\r\n'.repeat(1 + this.below(2_000)) + this.#good();
		if (kind === 2) return `HTTP/1.1 200 OK\r\n${this.#endless()}`;
		return this.#good();
	}

	/** A head without an end. */
	#endless(): string {
		const length = 1 + this.below(12_000);
		return this.pick([
			() => 'X'.repeat(length),
			() => `X: ${'y'.repeat(length)}`,
			() => 'X: y\r\n'.repeat(length / 6),
			() => ' folded\r\n'.repeat(length / 9),
			() => '\r\r\r\r'.repeat(length / 4),
		])();
	}

	#good(): string {
		const status = this.pick([
			'200 OK',
			'201 Created',
			'200 ',
			'204 No',
			'400 No',
			'401 No',
			'422 x',
			'500 x',
			'302 x',
		]);
		const body = this.#body();
		return `HTTP/1.1 ${status}\r\n${this.#fields(body.length)}\r\n${body}`;
	}

	#fields(length: number): string {
		const lengths = [length, length, length, length + 1, length - 1, -1, 1e12, 'x', '', '0x10', '1, 2', 0];
		const fields = [
			`Content-Length: ${this.pick(lengths)}\r\n`,
			'Transfer-Encoding: chunked\r\n',
			'Connection: close\r\n',
		];
		fields.push('Transfer-Encoding: gzip, chunked\r\n', 'Retry-After: 1e9\r\n', `Date: ${this.#noise(40)}\r\n`);
		fields.push(
			'Content-Encoding: br\r\n',
			`${this.#noise(9)}: ${this.#noise(20)}\r\n`,
			': \r\n',
			'\n',
			'no colon\r\n',
		);
		let text = this.below(4) > 0 ? fields[0]! : '';
		for (let left = this.below(3); left > 0; left--) text += this.pick(fields);
		return text;
	}

	#body(): string {
		const depth = this.below(3_000);
		return this.pick([
			() => '{"status":"success"}',
			() => '{"status":"success","created_count":3}',
			() => JSON.stringify({ status: 'success', results: this.pick([null, 1, [], [{}], [{ status: 'refused' }], {}]) }),
			() =>
				JSON.stringify({
					status: 'success',
					commands: this.pick([[{ a: 'x'.repeat(this.below(5_000)) }], 1, [[]], {}]),
				}),
			() => `{"status":"success","x":${'['.repeat(depth)}${']'.repeat(depth)}}`,
			() => '{"a":'.repeat(depth),
			() => `{"status":"success",${Array.from({ length: depth }, (_, at) => `"${at}":0`).join()}}`,
			() => `{"error":${JSON.stringify(this.#noise(300))}}`,
			() => 'z'.repeat(this.below(12_000)),
			() => this.#chunks(),
			() => this.#noise(this.below(2_000)),
		])();
	}

	#chunks(): string {
		const size = this.pick(['14', '14;x=y', '14 ', '-5', 'ffffffffff', '', 'zz', '0', '1'.repeat(this.below(5_000))]);
		const rest = this.pick([
			'0\r\n\r\n',
			'0\r\nA: b\r\n\r\n',
			'',
			'1\r\nx\r\n'.repeat(this.below(1_500)),
			'0\r\n',
			`0\r\n${'T: u\r\n'.repeat(999)}`,
		]);
		return `${size}\r\n{"status":"success"}\r\n${rest}`;
	}

	#noise(length: number): string {
		let text = '';
		for (let left = length; left > 0; left--) text += String.fromCharCode(this.below(256));
		return text;
	}

	/** A few bytes are other than they were, or gone, or there twice; mostly none. */
	#mutated(bytes: Buffer): Buffer {
		let result = bytes;
		for (let left = this.pick([0, 0, 1, 1, 3]); left > 0 && result.length > 0; left--) {
			const at = this.below(result.length);
			const middle = this.pick([
				Buffer.alloc(0),
				Buffer.of(this.below(256)),
				Buffer.from('\r\n'),
				result.subarray(at, at + 9),
			]);
			result = Buffer.concat([result.subarray(0, at), middle, result.subarray(at + this.below(3))]);
		}
		return result;
	}
}

/**
 * Some messages to one hostile server: each must end in one way and in time, and nothing may be thrown.
 * @throws Error that names the seed and the round of one that did not
 */
export function play(seed: number, hostility: Hostility): void {
	const world = makeHttpWorld({ seed, keepAlive: 600_000, latency: 5 });
	const { scheduler, route, heard, script, clock } = world;
	script.answer = (request: VirtualRequest) => hostility.answer(request, scheduler);
	let longest = 0;
	// Whether it is UTF-8 is for the desk to say.
	ear(route).onMessage = ({ byteLength }) => {
		longest = Math.max(longest, byteLength);
	};
	for (let round = 0; round < ROUNDS; round++) {
		const must = (law: boolean, what: string): void => {
			if (!law) throw new Error(`seed ${seed}, round ${round}: ${what}`);
		};
		const before = count(heard);
		const outgoing = hostility.below(2) === 0 ? reading(round * 10) : batch(round * 10, 3);
		if (route.state === 'closed') world.open();
		must(route.send(outgoing), 'not taken');
		const began = clock.ticks;
		scheduler.advanceUntil(() => count(heard) > before && route.state !== 'opening', 60_000, 500);
		must(clock.ticks - began <= 40_500, `${clock.ticks - began} ms`);
		const closed = heard.closed.splice(0);
		must(closed.length === (route.state === 'closed' ? 1 : 0), `${closed.length} ends`);
		for (const { fault } of closed) must(fault.code !== 'misuse', fault.message);
		must(longest <= 2_048, `a message of ${longest}`);
		heard.receipts.length = heard.refused.length = 0;
		scheduler.advance(hostility.pick([0, 10, 40_000]));
		must(heard.closed.length === 0, 'it ended, and had nothing to do');
	}
	route.close();
}

function count({ receipts, refused, closed }: ReturnType<typeof makeHttpWorld>['heard']): number {
	return receipts.length + refused.length + closed.length;
}
