import { Fault, type FaultCode } from '../../../modules/fault';
import { Handle } from './operations';

export type Value = undefined | null | boolean | number | string | ArrayBuffer;
type Given = Value | Uint8Array;

/**
 * Asks the world, and waits for what it says: nothing, one value, or an array of values.
 * @throws Fault with the world's reason
 */
export const request = native('xs_request') as (operation: number, ...values: Given[]) => unknown;

/** Asks for bytes, which go into `into`; returns how many came. Throws as `request` does. */
export const fill = native('xs_fill') as (into: Uint8Array, operation: number, ...values: Given[]) => number;

/** To whom events are brought. */
export interface Receiver {
	/** Takes the values of one event. */
	receive(...values: unknown[]): unknown;
}

/** Brings events to whom they are for. */
export class Wire {
	readonly #receivers = new Map<number, Receiver>();
	#next: number = Handle.FIRST;

	constructor() {
		globalThis.dispatch = (handle, ...values) => this.#receivers.get(handle)?.receive(...values);
		globalThis.refuse = (code, message) => {
			throw new Fault(code as FaultCode, message);
		};
	}

	/** The handle of a new receiver. */
	attach(receiver: Receiver, handle: number = this.#next++): number {
		this.#receivers.set(handle, receiver);
		return handle;
	}

	/** As attach, for what there is only once: a function costs the heap more than an object that is there anyway. */
	attachFunction(receive: (...values: never[]) => unknown, handle?: number): number {
		return this.attach({ receive: receive as Receiver['receive'] }, handle);
	}

	/** Events with this handle are dropped from now on. */
	detach(handle: number): void {
		this.#receivers.delete(handle);
	}
}
