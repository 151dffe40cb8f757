import { createHash, createPrivateKey, createPublicKey, X509Certificate } from 'node:crypto';
import { existsSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { keepNames, machineNames } from './names';
import { statePaths, writePrivate } from './state';

export interface TlsFiles {
	/** PEM, and where it lies: devices must be given the CA. */
	readonly ca: string;
	readonly caFile: string;
	readonly cert: string;
	readonly key: string;
}

/** Days that a server certificate is good for: browsers and phones accept no more than 398. */
const serverDays = 397;
const caDays = 3_650;
/** It is made anew when fewer days are left. */
const renewalDays = 30;
const day = 86_400_000;

/**
 * The development CA and the server's certificate under `<state>/tls`, made where they are missing. A CA that exists is
 * never overwritten; the server certificate is made anew when it nears its end, does not fit its key, names other hosts or
 * comes from another CA.
 * @param now epoch ms
 * @param given names and addresses beside those that this machine knows of itself; kept for every later start
 * @throws Error when what lies there cannot be used
 */
export async function serverCertificates(state: string, now: number, given: readonly string[] = []): Promise<TlsFiles> {
	const folder = statePaths(state).tls;
	const file = (name: string) => join(folder, name);
	const caFile = file('ca.pem');
	const caKeyFile = file('ca-key.pem');
	if (!existsSync(caFile)) {
		// A first start that was cut between the two files. Nothing was signed with that key; it is kept all the same.
		if (existsSync(caKeyFile)) renameSync(caKeyFile, file(`ca-key-unused-${now}.pem`));
		const { makeAuthority } = await import('./issuer');
		const made = await makeAuthority('FAJMA development CA', now - day, now + caDays * day);
		writePrivate(caKeyFile, made.key);
		writePrivate(caFile, made.cert);
	}
	const ca = readFileSync(caFile, 'utf8');
	const names = [...new Set([...(await machineNames()), ...keepNames(statePaths(state).names, given)])];
	// Without the CA's key somebody else issues the server's certificate, and looks after it.
	if (existsSync(caKeyFile) && !isGood(file('server.pem'), file('server-key.pem'), ca, names, now)) {
		const { issueServer } = await import('./issuer');
		const authority = { cert: ca, key: readFileSync(caKeyFile, 'utf8') };
		const made = await issueServer(authority, names, now - day, now + serverDays * day);
		writePrivate(file('server-key.pem'), made.key);
		writePrivate(file('server.pem'), made.cert);
	}
	const cert = readFileSync(file('server.pem'), 'utf8');
	return { ca, caFile, cert, key: readFileSync(file('server-key.pem'), 'utf8') };
}

/** The certificate's SHA-256 fingerprint, in hexadecimal. */
export function fingerprint(pem: string): string {
	return createHash('sha256').update(new X509Certificate(pem).raw).digest('hex');
}

function isGood(certFile: string, keyFile: string, ca: string, names: readonly string[], now: number): boolean {
	if (!existsSync(certFile) || !existsSync(keyFile)) return false;
	try {
		const certificate = new X509Certificate(readFileSync(certFile));
		const authority = new X509Certificate(ca);
		const key = createPublicKey(createPrivateKey(readFileSync(keyFile)));
		return (
			certificate.checkIssued(authority) &&
			certificate.verify(authority.publicKey) &&
			certificate.publicKey.equals(key) &&
			Date.parse(certificate.validFrom) <= now &&
			Date.parse(certificate.validTo) - now > renewalDays * day &&
			names.every((name) => certificate.checkHost(name) !== undefined || certificate.checkIP(name) !== undefined)
		);
	} catch {
		// Whatever lies there is no certificate: a new one takes its place.
		return false;
	}
}
