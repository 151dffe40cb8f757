import type { Serial } from '../../../modules/sensor/io';
import type { Scheduler } from '../net/scheduler';

interface SerialOptions {
	readonly baud: number;
	readonly onReadable?: (count: number) => void;
}

/** Bytes that the UART of an ESP32 keeps; what comes on top is lost. */
const FIFO = 128;

/** A UART, and the far end of its wire. */
export class VirtualUart {
	readonly #scheduler: Scheduler;
	readonly #waiting: number[] = [];
	#port: SerialOptions | undefined;
	#told = false;
	/** The next calls throw. */
	openFails = 0;
	readFails = 0;
	/** Bytes that came while nobody had room for them. */
	lost = 0;
	readonly Serial: new (
		options: SerialOptions,
	) => Serial;

	constructor(scheduler: Scheduler) {
		this.#scheduler = scheduler;
		const uart = this;
		this.Serial = class implements Serial {
			readonly #options: SerialOptions;

			constructor(options: SerialOptions) {
				uart.#open(options);
				this.#options = options;
			}

			read(into: Uint8Array): number | undefined {
				if (uart.#port !== this.#options) throw new SyntaxError('closed');
				return uart.#read(into);
			}

			close(): void {
				if (uart.#port === this.#options) uart.#port = undefined;
			}
		};
	}

	get isOpen(): boolean {
		return this.#port !== undefined;
	}

	/** The board was reset: whoever held the port is gone. */
	release(): void {
		this.#port = undefined;
	}

	/** The far end says something. */
	receive(bytes: Iterable<number>): void {
		if (!this.#port) return;
		for (const byte of bytes) {
			if (this.#waiting.length < FIFO) this.#waiting.push(byte);
			else this.lost++;
		}
		if (this.#told) return;
		this.#told = true;
		this.#scheduler.schedule(0, () => {
			this.#told = false;
			if (this.#waiting.length > 0) this.#port?.onReadable?.(this.#waiting.length);
		});
	}

	#open(options: SerialOptions): void {
		if (this.openFails > 0) {
			this.openFails--;
			throw new Error('uart failed');
		}
		if (this.#port) throw new RangeError('port in use');
		this.#waiting.length = 0;
		this.#port = options;
	}

	#read(into: Uint8Array): number | undefined {
		if (this.readFails > 0) {
			this.readFails--;
			throw new Error('read failed');
		}
		const count = Math.min(into.length, this.#waiting.length);
		if (count === 0) return undefined;
		into.set(this.#waiting.splice(0, count));
		return count;
	}
}
