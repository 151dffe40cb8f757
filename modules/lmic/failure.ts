import { Fault, type FaultCode } from '../fault';
import { Failure } from './message';

const failures: { readonly [code: number]: readonly [FaultCode, string] } = Object.freeze({
	[Failure.ASSERTION]: Object.freeze(['protocol', 'LMIC asserts what is not so'] as const),
	[Failure.RADIO]: Object.freeze(['connect', 'no radio answers, or another one'] as const),
	[Failure.STUCK]: Object.freeze(['timeout', 'the radio never said that it was done'] as const),
	[Failure.SESSION]: Object.freeze(['malformed', 'the session is none of this build'] as const),
	[Failure.COUNTER]: Object.freeze(['protocol', 'a counter was to be used that is not kept'] as const),
});

/** Why the engine stopped, of its last message: a byte of what it is, why, the line (u16), the file. */
export function faultFrom(message: ArrayBuffer): Fault {
	const bytes = new Uint8Array(message);
	const [code, words] = failures[bytes[1] ?? 0] ?? (['protocol', `failure ${bytes[1]}`] as const);
	const where: string[] = [];
	for (let at = 4; at < bytes.byteLength; at++) where.push(String.fromCharCode(bytes[at]!));
	const line = (bytes[2] ?? 0) | ((bytes[3] ?? 0) << 8);
	return new Fault(code, `lorawan: ${words} (${where.join('')}:${line})`);
}
