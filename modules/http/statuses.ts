import { Fault } from '../fault';
import type { Letter } from './letter';

export const UNAUTHORISED = 401;

/** The message itself is what the server does not take (RFC 9110 §15.5.1, .14, .21). */
const MESSAGE = Object.freeze([400, 413, 422]);
/** It takes no such messages at all (§15.5.5, .6, §15.6.2): the guide's server knows but /data and /batch. */
const NOWHERE = Object.freeze([404, 405, 501]);

/**
 * The server answers, and will not take this message. Where even readings, one by one, are unknown it is no server of ours,
 * or not yet: that is no refusal.
 */
export function isRefusal(status: number, { path }: Letter): boolean {
	return MESSAGE.includes(status) || (knowsNoSuch(status) && !path.endsWith('/data'));
}

/** It takes no messages of this kind, whatever is in them. */
export function knowsNoSuch(status: number): boolean {
	return NOWHERE.includes(status);
}

/** What a status that is no success is, in a word; `words`: what the server said. */
export function faultOf(status: number, words: string): Fault {
	const more = words === '' ? '' : `: ${words}`;
	if (status < 400) return new Fault('refused', `redirect refused (status ${status})`);
	if (status === UNAUTHORISED) return new Fault('refused', `the server refuses the token (status 401)${more}`);
	if (status < 500) return new Fault('refused', `the server refuses (status ${status})${more}`);
	return new Fault('closed', `the server cannot (status ${status})${more}`);
}
