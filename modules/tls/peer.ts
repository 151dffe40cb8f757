/** Whom we want to meet: a host name, or an address (RFC 6066 §3 and RFC 9525 treat the two differently). */
export interface Peer {
	/** Lower case, without the dot at the end. */
	readonly name: string;
	/** The 4 or 16 bytes of an IP address; undefined for a name. */
	readonly address: Uint8Array | undefined;
}

/** Undefined when `text` is neither a name nor an address. */
export function parsePeer(text: string): Peer | undefined {
	const name = text.toLowerCase().replace(/\.$/, '');
	if (name.includes(':')) return peerOf(name, parseIPv6(name));
	if (/^[0-9.]+$/.test(name)) return peerOf(name, parseIPv4(name));
	return isName(name) ? { name, address: undefined } : undefined;
}

/** RFC 1035 §2.3.4: 253 characters, labels of 1 to 63. Underscores belong in no host name, yet are met. */
function isName(name: string): boolean {
	return name.length <= 253 && name.split('.').every((label) => /^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$/.test(label));
}

function peerOf(name: string, bytes: number[] | undefined): Peer | undefined {
	return bytes && { name, address: Uint8Array.from(bytes) };
}

function parseIPv4(text: string): number[] | undefined {
	const parts = text.split('.');
	const good = parts.length === 4 && parts.every((part) => /^(0|[1-9][0-9]{0,2})$/.test(part) && Number(part) < 256);
	return good ? parts.map(Number) : undefined;
}

/** RFC 4291 §2.2, its third form (with IPv4 at the end) too. */
function parseIPv6(text: string): number[] | undefined {
	const halves = text.split('::');
	if (halves.length > 2) return undefined;
	const head = parseGroups(halves[0]!);
	const tail = halves.length === 2 ? parseGroups(halves[1]!) : [];
	if (!head || !tail) return undefined;
	const gap = 16 - head.length - tail.length;
	if (halves.length === 2 ? gap < 2 : gap !== 0) return undefined;
	return [...head, ...new Array<number>(gap).fill(0), ...tail];
}

function parseGroups(text: string): number[] | undefined {
	if (text === '') return [];
	const bytes: number[] = [];
	const groups = text.split(':');
	for (const [i, group] of groups.entries()) {
		const last = i === groups.length - 1 ? parseIPv4(group) : undefined;
		if (last) bytes.push(...last);
		else if (/^[0-9a-f]{1,4}$/.test(group))
			bytes.push(Number.parseInt(group, 16) >> 8, Number.parseInt(group, 16) & 255);
		else return undefined;
	}
	return bytes;
}
