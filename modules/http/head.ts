import { Fault } from '../fault';

/** Bytes that the head of an answer may take, and one line of it. */
const HEAD_LIMIT = 8192;
const LINE_LIMIT = 2048;

const LF = 10;

/** Counts what the head of an answer takes: the SDK's client gathers each line of it, however long, in a string. */
export class Head {
	#bytes = 0;
	#lineBytes = 0;

	get isEmpty(): boolean {
		return this.#bytes === 0;
	}

	/** The next answer. */
	clear(): void {
		this.#bytes = this.#lineBytes = 0;
	}

	/** `count` bytes more, or one: `byte`. Throws a Fault 'protocol' when it is too long. */
	count(count: number, byte?: number): void {
		this.#bytes += count;
		this.#lineBytes = byte === undefined || byte === LF ? 0 : this.#lineBytes + 1;
		if (this.#bytes > HEAD_LIMIT || this.#lineBytes > LINE_LIMIT)
			throw new Fault('protocol', 'an answer whose head is too long');
	}
}
