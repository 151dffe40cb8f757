/** What went wrong, in one word that code can act on. */
export type FaultCode =
	| 'range' // a value outside its bound
	| 'malformed' // bytes or text that are not what they must be
	| 'flash' // the flash refused: read error, write error, a block that will not erase
	| 'timeout' // nothing came in time
	| 'dns' // the name did not resolve
	| 'connect' // nobody listens, or no network
	| 'tls' // certificate, host name or handshake refused
	| 'refused' // the peer said no: wrong password, no right
	| 'closed' // the peer, or the network, ended it
	| 'protocol' // the peer broke the protocol
	| 'sensor' // a sensor gave nothing, or nonsense
	| 'misuse'; // called when it must not be

/**
 * The one error class of device code. Misuse throws it; a dying instance reports one through `onError` or `onClosed`.
 * The message is one line for a log and never carries a secret.
 */
export class Fault extends Error {
	readonly code: FaultCode;

	constructor(code: FaultCode, message: string) {
		super(message);
		this.code = code;
	}

	/** A getter: on XS, assigning `name` in a subclass of a preloaded Error throws. */
	override get name(): string {
		return 'Fault';
	}

	/** Turns whatever was thrown into a Fault; `code` is for what is not one already. */
	static from(thrown: unknown, code: FaultCode): Fault {
		if (thrown instanceof Fault) return thrown;
		return new Fault(code, thrown instanceof Error ? thrown.message : String(thrown));
	}
}
