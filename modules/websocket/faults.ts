import { Fault } from '../fault';

/** Why a connection is closed, as the peer is told (RFC 6455 §7.4.1). */
export const CloseCode = Object.freeze({
	NORMAL: 1000,
	PROTOCOL_ERROR: 1002,
	NOT_UTF8: 1007,
	TOO_BIG: 1009,
} as const);

/** The peer broke RFC 6455; `closeCode` is what it is told. */
export class Violation extends Fault {
	readonly closeCode: number;

	constructor(message: string, closeCode: number = CloseCode.PROTOCOL_ERROR) {
		super('protocol', message);
		this.closeCode = closeCode;
	}
}

/** The server answered the handshake, and not with 101. */
export class Refusal extends Fault {
	/** Of HTTP (RFC 9110 §15). */
	readonly status: number;
	/** Milliseconds that it asks to wait, where it says so. */
	readonly retryAfter: number | undefined;

	constructor(status: number, retryAfter: number | undefined) {
		const redirect = status >= 300 && status < 400;
		super('refused', `the server answered ${status}${redirect ? ': redirects are not followed' : ''}`);
		this.status = status;
		this.retryAfter = retryAfter;
	}
}

/** What a peer said, fit for one line of a log: printable ASCII, at most `limit` characters. */
export function printable(said: string, limit: number): string {
	let text = '';
	const end = Math.min(said.length, limit);
	for (let at = 0; at < end; at++) {
		const code = said.charCodeAt(at);
		text += code >= 0x20 && code < 0x7f ? said[at] : '?';
	}
	return said.length > limit ? `${text}…` : text;
}
