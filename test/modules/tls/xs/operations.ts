/** What the trials ask of the world beyond the clock (hosts/xs/device/operations.ts has the numbers below 100). */
export const Ask = Object.freeze({
	/** Text, and bytes of the C heap: the most there were, and what is left. */
	DONE: 100,
	ENCODE: 101,
	DECODE: 102,
	TCP_OPEN: 103,
	TCP_READ: 104,
	TCP_WRITE: 105,
	TCP_CLOSE: 106,
} as const);

/** To a socket. */
export const TcpEvent = Object.freeze({ READABLE: 0, WRITABLE: 1, ERROR: 2 } as const);
