import { Fault } from '../fault';

/** What engine.c answers when it does not answer with a count: the same numbers there. */
export const Status = Object.freeze({
	DONE: 0,
	WANT_READ: -1,
	WANT_WRITE: -2,
	CLOSED: -3,
	ALERT: -4,
	CERTIFICATE: -5,
	TICKET: -6,
	MEMORY: -7,
	VERSION: -8,
	RECORD: -9,
	UNEXPECTED: -10,
	UNREADABLE: -11,
	OTHER: -12,
} as const);

const verdict = (bit: number, words: string) => Object.freeze([bit, words] as const);

/** Bits of Mbed TLS's verdict (MBEDTLS_X509_BADCERT_*), the one that says most first. */
const VERDICTS = Object.freeze([
	verdict(0x40, 'the peer showed no certificate'),
	verdict(0x08, 'unknown CA, or a signer that is no CA'),
	verdict(0x02, 'certificate revoked'),
	verdict(0x04, 'host name mismatch'),
	verdict(0x01, 'certificate expired'),
	verdict(0x200, 'certificate not yet valid'),
	verdict(0x800, 'certificate is not for this key usage'),
	verdict(0x1000, 'certificate is not for servers'),
	verdict(0x2000, 'certificate is not for servers'),
	verdict(0x4000, 'certificate signed with a weak hash'),
	verdict(0x8000, 'certificate signed with a weak algorithm'),
	verdict(0x10000, 'certificate with a weak key'),
	verdict(0x100, 'certificate with name constraints, which cannot be checked'),
]);

/** RFC 8446 §6 and RFC 5246 §7.2. */
const ALERTS: Readonly<Record<number, string>> = Object.freeze({
	10: 'unexpected message',
	20: 'bad record',
	22: 'record too large',
	40: 'handshake failure',
	42: 'bad certificate',
	43: 'unsupported certificate',
	44: 'certificate revoked',
	45: 'certificate expired',
	46: 'certificate unknown',
	47: 'illegal parameter',
	48: 'unknown CA',
	49: 'access denied',
	50: 'decode error',
	51: 'decrypt error',
	70: 'protocol version',
	71: 'insufficient security',
	80: 'internal error',
	86: 'inappropriate fallback',
	90: 'user canceled',
	109: 'missing extension',
	110: 'unsupported extension',
	112: 'unrecognized name',
	116: 'certificate required',
	120: 'no application protocol',
});

/** Everything that the verdict holds against the certificate, in words. */
export function verdictOf(flags: number): string {
	const words = VERDICTS.filter(([bit]) => flags & bit).map(([, text]) => text);
	return words.length ? [...new Set(words)].join('; ') : 'certificate not verified';
}

export interface Evidence {
	readonly status: number;
	/** The handshake is not done. */
	readonly early: boolean;
	readonly verdict: number;
	readonly alert: number;
	/** The library's own number, for who wants to look it up. */
	readonly error: number;
}

/** Why it ended, in words that a person can act on. */
export function faultOf({ status, early, verdict, alert, error }: Evidence): Fault {
	const code = `Mbed TLS -0x${(-error).toString(16)}`;
	switch (status) {
		case Status.CLOSED:
			return early
				? new Fault('tls', 'peer closed during the handshake')
				: new Fault('closed', 'the peer closed the connection');
		case Status.ALERT:
			return new Fault('tls', `the peer refused: ${ALERTS[alert] ?? 'alert'} (${alert})`);
		case Status.CERTIFICATE:
			return new Fault('tls', verdictOf(verdict));
		case Status.MEMORY:
			return new Fault('tls', 'no memory for TLS');
		case Status.VERSION:
			return new Fault('tls', 'the peer does not speak a TLS version that is safe');
		case Status.RECORD:
			return new Fault('tls', `a TLS record that is damaged, too large or none at all (${code})`);
		case Status.UNEXPECTED:
			return new Fault('tls', `a TLS message out of order (${code})`);
		case Status.UNREADABLE:
			return new Fault('tls', `a certificate that cannot be read (${code})`);
		default:
			return new Fault('tls', `${early ? 'TLS handshake' : 'TLS'} failed (${code})`);
	}
}
