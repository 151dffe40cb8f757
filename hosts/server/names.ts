import { lookup, lookupService } from 'node:dns/promises';
import { existsSync, readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { hostname, networkInterfaces } from 'node:os';
import { writePrivate } from './state';

const dnsName = /^(?=.{1,253}$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$/;
/** For a resolver that does not answer, ms. */
const patience = 1_000;

/**
 * A DNS name or an IP address, as it stands in a certificate.
 * @throws Error when it is neither
 */
export function checkName(text: string): string {
	const name = text.toLowerCase();
	// A number with dots that is no address would never match anything.
	if ((isIP(name) && !name.includes('%')) || (dnsName.test(name) && !/^[0-9.]+$/.test(name))) return name;
	throw new Error(`name: ${JSON.stringify(text)} must be a DNS name or an IP address`);
}

/** What devices may reach this machine by: its host name, short and full, and the addresses of its interfaces. */
export async function machineNames(): Promise<string[]> {
	const own = hostname().toLowerCase();
	const addresses = Object.values(networkInterfaces())
		.flatMap((all) => all ?? [])
		// A link-local address needs its zone, which a certificate cannot carry.
		.filter(({ internal, address }) => !internal && !/^fe[89ab]/i.test(address) && isIP(address))
		.map(({ address }) => address.toLowerCase());
	const full = await fullName(own);
	const names = [own, ...(full === undefined ? [] : [full])].filter((name) => dnsName.test(name));
	return [...new Set(['localhost', '127.0.0.1', '::1', ...names, ...addresses.sort()])];
}

/** The host name with its domain, where the resolver knows it. */
async function fullName(own: string): Promise<string | undefined> {
	const asked = lookup(own).then(({ address }) => lookupService(address, 0));
	const late = new Promise<undefined>((resolve) => setTimeout(() => resolve(undefined), patience).unref());
	const found = await Promise.race([asked.catch(() => undefined), late]);
	const name = found?.hostname.toLowerCase();
	return name?.startsWith(`${own}.`) ? name : undefined;
}

/**
 * The names that were ever given, with those given now.
 * @throws Error when the file is not what we wrote, or a name is none
 */
export function keepNames(path: string, given: readonly string[]): string[] {
	const kept = existsSync(path) ? readNames(path) : [];
	const all = [...new Set([...kept, ...given.map(checkName)])];
	if (all.length > kept.length) writePrivate(path, `${JSON.stringify(all, undefined, '\t')}\n`);
	return all;
}

function readNames(path: string): string[] {
	let names: unknown;
	try {
		names = JSON.parse(readFileSync(path, 'utf8'));
	} catch {
		throw new Error(`${path} is not JSON`);
	}
	if (!Array.isArray(names) || !names.every((name) => typeof name === 'string'))
		throw new Error(`${path} must be a list of names`);
	return names.map(checkName);
}
