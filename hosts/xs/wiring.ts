/** The world's side of the buses: a transaction of the firmware on XS is one on the virtual board's wires. */
import { Fault } from '../../modules/fault';
import type { Serial } from '../../modules/sensor/io';
import type { Wiring } from '../simulator/board/wiring';
import { Operation } from './device/operations';
import type { Value } from './frames';
import type { Tell } from './world';

/** Milliseconds that a part may hold the clock: what the board asks of the SDK. */
const TIMEOUT = 50;

export class WiringWorld {
	readonly #wiring: Wiring;
	readonly #tell: Tell;
	readonly #hertz = new Map<number, number>();
	#serial: Serial | undefined;

	constructor(wiring: Wiring, tell: Tell) {
		this.#wiring = wiring;
		this.#tell = tell;
		wiring.bus.release();
		wiring.uart.release();
	}

	/** @throws Fault 'sensor', as the SDK's classes throw, and when it is none of its operations */
	answer(operation: number, values: readonly Value[]): readonly Value[] {
		try {
			return this.#do(operation, values);
		} catch (thrown) {
			throw new Fault('sensor', (thrown as Error).message);
		}
	}

	#do(operation: number, values: readonly Value[]): readonly Value[] {
		const { bus, uart } = this.#wiring;
		const [first, second] = values as [number, number];
		switch (operation) {
			case Operation.BUS_OPEN:
				bus.take({ address: first, hz: second });
				this.#hertz.set(first, second);
				return [];
			case Operation.BUS_CLOSE:
				bus.free(first);
				return [];
			case Operation.BUS_WRITE:
				bus.transact(this.#at(first), values[1] as Uint8Array, undefined);
				return [];
			case Operation.BUS_READ: {
				const into = new Uint8Array(second);
				bus.transact(this.#at(first), values[2] as Uint8Array | undefined, into);
				return [into];
			}
			case Operation.SERIAL_OPEN:
				this.#serial = new uart.Serial({ baud: second, onReadable: (count) => this.#tell(first, count) });
				return [];
			case Operation.SERIAL_READ: {
				const into = new Uint8Array(first);
				return [into.subarray(0, this.#serial?.read(into) ?? 0)];
			}
			case Operation.SERIAL_CLOSE:
				this.#serial?.close();
				return [];
			default:
				throw new Error(`xs: operation ${operation}`);
		}
	}

	#at(address: number): { address: number; hz: number; timeout: number } {
		return { address, hz: this.#hertz.get(address) ?? 0, timeout: TIMEOUT };
	}
}
