/** What a device is told to do in one trial, and what it tells of it: JSON, as it goes to whatever runs the device code. */
export interface Trial {
	readonly port: number;
	/** The name in the URL. Default "device.test". */
	readonly host?: string;
	readonly serverName?: string;
	readonly ca: string;
	readonly certificate?: string;
	readonly key?: string;
	readonly minimumVersion?: 'TLSv1.2' | 'TLSv1.3';
	/** Epoch ms; null: unknown. Default: the computer's. */
	readonly time?: number | null;
	readonly requireTime?: boolean;
	readonly notBefore?: number;
	readonly timeout?: number;
	/** Base64 of what `sessions` gave. */
	readonly session?: string;

	readonly format?: 'buffer' | 'number';
	/** Said as soon as it may be, in pieces of three bytes with `more`. Default: SECRET. */
	readonly send?: string;
	/** So many bytes are sent instead, and as many awaited. */
	readonly bulk?: number;
	/** Bytes to wait for before closing. Default 5. */
	readonly receive?: number;
	/** Throw out of this callback; close in it; read nothing in it until 30 ms later. */
	readonly mischief?: 'throw' | 'closeInWritable' | 'closeInReadable' | 'readLater' | 'closeAtOnce';
}

/** What the device says when all is well. If a peer that is not verified ever sees it, TLS has failed. */
export const SECRET = 'user:device password:secret';

export interface Outcome {
	/** The options were refused: what the constructor threw. */
	readonly threw?: string;
	/** onWritable was called. */
	readonly opened: boolean;
	readonly received: string;
	readonly bytes: number;
	/** What onError gave, each time. */
	readonly errors: readonly string[];
	/** Callbacks from inside a public call, after close or after onError, and exceptions out of public calls. */
	readonly strays: readonly string[];
	readonly resumed: boolean;
	readonly protocol: string;
	/** Base64. */
	readonly sessions: readonly string[];
	/** Milliseconds from the start to the first onWritable. */
	readonly ms: number;
}
