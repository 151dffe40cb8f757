/** The C heap of this process, and so of Mbed TLS: XS has an arena of its own. Bytes, with what malloc adds. */

/** Counts from here on. */
export function begin(this: void): void {
	native('xs_heap_begin').call(this);
}

/** What is taken now and was not at the beginning. Ends the library: nothing may use it any more. */
export function used(this: void): number {
	return native('xs_heap_used').call(this) as number;
}

/** The most that was ever taken since. */
export function peak(this: void): number {
	return native('xs_heap_peak').call(this) as number;
}
