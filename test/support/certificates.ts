import { type Issued, issueServer, makeAuthority as makeAuthorityFor } from '../../hosts/server/issuer';

export type { Issued };

const DAY = 86_400_000;

/** A certificate authority of its own, good from yesterday for a year. PEM. */
export function makeAuthority(): Promise<Issued> {
	const now = Date.now();
	return makeAuthorityFor('Test CA', now - DAY, now + 365 * DAY);
}

/** A server certificate, by default good from yesterday for a month. Times are epoch milliseconds. PEM. */
export function issue(options: {
	readonly authority: Issued;
	/** DNS names and IP addresses. */
	readonly names: readonly string[];
	readonly notBefore?: number;
	readonly notAfter?: number;
}): Promise<Issued> {
	const { authority, names, notBefore = Date.now() - DAY, notAfter = Date.now() + 30 * DAY } = options;
	return issueServer(authority, names, notBefore, notAfter);
}
