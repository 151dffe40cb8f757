/** What is offered to a peer, and what is asked of it, told to the library. */
import { Fault } from '../fault';
import { binding, type Engine, expect, free, identify, make, resume, start, trust } from './engine';
import type { Plan, TLSSocketOptions } from './options';
import { Status } from './reasons';
import { unstamp } from './ticket';

/** IANA's numbers: forward secrecy and authenticated encryption only (RFC 9325 §4.2). AES-128 first, the chips have it. */
const SUITES = Object.freeze([0x1301, 0x1303, 0x1302, 0xc02b, 0xc02f, 0xcca9, 0xcca8, 0xc02c, 0xc030] as const);

/** P-256 first: every server has it, and some chips have it in hardware. Then x25519, P-384, P-521. */
const GROUPS = Object.freeze([23, 29, 24, 25] as const);

/** RFC 6066 §4: records of no more than 2^12 bytes are asked for. */
const FRAGMENT_4096 = 4;

/** An engine that is ready for its first handshake. Throws a Fault for what cannot be read. */
export function prepare(options: TLSSocketOptions, plan: Plan): Engine {
	const { ca, certificate, key, kept } = options;
	const { peer, now = [0, 0], minor } = plan;
	const engine = make();
	if (!engine) throw new Fault('tls', 'no memory for TLS');
	try {
		must(trust(engine, ca), 'the CA cannot be read');
		if (certificate !== undefined && key !== undefined)
			must(identify(engine, certificate, key), 'the certificate or its key cannot be read, or are no pair');
		expect(engine, peer.name, peer.address, now[0], now[1]);
		const begun = start(engine, pairs(SUITES), pairs(GROUPS), minor, FRAGMENT_4096);
		must(begun, 'TLS cannot start: no memory, or no such version');
		const session = kept?.session;
		const known = session && unstamp(session, now[0], binding(engine));
		// One that the library does not know (it was updated, say) costs a full handshake, no more.
		if (known) resume(engine, known);
		return engine;
	} catch (thrown) {
		free(engine);
		throw thrown;
	}
}

/** 16-bit numbers as bytes, the high one first. */
function pairs(numbers: readonly number[]): Uint8Array {
	return Uint8Array.from(numbers.flatMap((number) => [number >> 8, number & 255]));
}

function must(status: number, words: string): void {
	if (status !== Status.DONE) throw new Fault(status === Status.MEMORY ? 'tls' : 'malformed', words);
}
