/** board.c: LMIC on a task of its own, as an Engine. */
import { Fault } from '../fault';
import type { Engine } from './interface';
import { pinBytes, type RadioPins } from './pins';

declare function native(name: string): (this: unknown, ...args: readonly unknown[]) => unknown;

/** There is one radio on a board, and one of these. */
export class BoardEngine implements Engine {
	onMessage: ((message: ArrayBuffer) => void) | undefined;
	readonly #pins: Uint8Array;
	readonly #deliver: (message: ArrayBuffer) => void;

	constructor(pins: RadioPins) {
		this.#pins = pinBytes(pins);
		this.#deliver = (message) => this.onMessage?.(message);
	}

	get region(): number {
		return region();
	}

	open(): void {
		const result = open(this.#pins, this.#deliver);
		if (result !== 0) throw new Fault('connect', `lorawan: the radio's bus, pins or task: error ${result}`);
	}

	tell(message: Uint8Array): void {
		if (!tell(message)) throw new Fault('timeout', 'lorawan: the radio task takes no message');
	}

	close(): void {
		close();
	}
}

function region(this: void): number {
	return native('xs_lmic_region').call(this) as number;
}
function open(this: void, pins: Uint8Array, deliver: (message: ArrayBuffer) => void): number {
	return native('xs_lmic_open').call(this, pins, deliver) as number;
}
function tell(this: void, message: Uint8Array): boolean {
	return native('xs_lmic_tell').call(this, message) as boolean;
}
function close(this: void): void {
	native('xs_lmic_close').call(this);
}
