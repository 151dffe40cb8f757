/** Bounds of what a server may ask for, in milliseconds: a second, so that it is heard at all, and an hour. */
const LEAST = 1000;
const MOST = 3_600_000;

/** Epoch milliseconds of an IMF-fixdate, the one form of a date that may be sent (RFC 9110 §5.6.7); undefined: it is none. */
export function dateOf(text: string | undefined): number | undefined {
	if (text === undefined) return undefined;
	if (!/^(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT$/.test(text)) return undefined;
	const time = Date.parse(text);
	return Number.isNaN(time) ? undefined : time;
}

/**
 * Milliseconds that Retry-After asks to wait (RFC 9110 §10.2.3), within 1 s and 1 h; undefined: it asks nothing that can be
 * understood. `now`: epoch milliseconds, which a date is counted from.
 */
export function retryAfterOf(text: string | undefined, now: number | undefined): number | undefined {
	if (text === undefined) return undefined;
	if (/^\d{1,10}$/.test(text)) return bounded(Number(text) * 1000);
	const date = dateOf(text);
	return date === undefined || now === undefined ? undefined : bounded(date - now);
}

function bounded(wait: number): number {
	return Math.max(LEAST, Math.min(MOST, wait));
}
