import type { Fault } from '../../modules/fault';

/** What `base` is a multiple of: above any sequence of a journal. */
export const MAIL_BASE = 2 ** 33;

/** A record with the name under which the server knows it. */
export interface Letter {
	/** 1 to 2^33 − 1, growing. */
	readonly sequence: number;
	/** Its name at the server: an alert id, a command id. */
	readonly id: string;
	/** UTF-8 JSON, one object. */
	readonly body: ArrayBuffer;
	/** The same for a route with `packedRoom`; undefined: it waits for another. */
	readonly packed?: ArrayBuffer;
}

/** Records that overtake readings: alerts, results of commands. Kept by their owner until a receipt. */
export interface Mail {
	readonly channel: 'alert' | 'replies' | 'diagnostics';
	/** Over every open route at once until one gives a receipt; else by the route that carries. */
	readonly everywhere: boolean;
	/** Added to a sequence, so that numbers of several mails and of readings never meet: k × MAIL_BASE, k ≥ 1. */
	readonly base: number;
	/** Of those whose packed form has a shorter one: the last that went so by a route with no room for the whole, which goes yet. */
	shown?: number;
	/** The first letter after `after` (0: from the start); undefined: none. Cheap when there is none. */
	next(after: number): Letter | undefined;
	/** The server has it. What is not held is skipped. */
	release(sequence: number): void;
	/** The server refuses it for good. */
	refuse(sequence: number, fault: Fault): void;
}
