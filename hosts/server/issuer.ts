import { randomBytes, webcrypto } from 'node:crypto';
import { isIP } from 'node:net';
import 'reflect-metadata';
import * as x509 from '@peculiar/x509';

/** A certificate and its private key (PKCS #8), PEM. */
export interface Issued {
	readonly cert: string;
	readonly key: string;
}

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;

/**
 * A self-signed certificate authority, EC P-256.
 * @param name its common name
 * @param from validity, epoch ms
 */
export async function makeAuthority(name: string, from: number, until: number): Promise<Issued> {
	const keys = await newKeys();
	const certificate = await x509.X509CertificateGenerator.createSelfSigned({
		serialNumber: serialNumber(),
		// A name of its own: two authorities of the same name make clients report a bad signature, not an unknown authority.
		name: `CN=${name} ${randomBytes(4).toString('hex')}`,
		notBefore: new Date(from),
		notAfter: new Date(until),
		signingAlgorithm: algorithm,
		keys,
		extensions: [
			new x509.BasicConstraintsExtension(true, 0, true),
			new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
			await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
		],
	});
	return { cert: pem(certificate), key: await privatePem(keys) };
}

/**
 * A server certificate for `names` (DNS names and IP addresses), signed by `authority`.
 * @throws Error when the authority's key cannot be read
 */
export async function issueServer(
	authority: Issued,
	names: readonly string[],
	from: number,
	until: number,
): Promise<Issued> {
	const issuer = new x509.X509Certificate(authority.cert);
	const signingKey = await webcrypto.subtle.importKey('pkcs8', pemBytes(authority.key), algorithm, false, ['sign']);
	const keys = await newKeys();
	const certificate = await x509.X509CertificateGenerator.create({
		serialNumber: serialNumber(),
		subject: `CN=${names[0]}`,
		issuer: issuer.subjectName,
		notBefore: new Date(from),
		notAfter: new Date(until),
		signingAlgorithm: algorithm,
		publicKey: keys.publicKey,
		signingKey,
		extensions: [
			new x509.BasicConstraintsExtension(false, undefined, true),
			new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
			new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
			new x509.SubjectAlternativeNameExtension(
				names.map((name) => ({ type: isIP(name) ? ('ip' as const) : ('dns' as const), value: name })),
			),
			await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
			await x509.AuthorityKeyIdentifierExtension.create(issuer.publicKey),
		],
	});
	return { cert: pem(certificate), key: await privatePem(keys) };
}

function newKeys(): Promise<webcrypto.CryptoKeyPair> {
	return webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
}

function serialNumber(): string {
	// Positive, and its length fixed: the first bit clear, the second set.
	const bytes = randomBytes(16);
	bytes[0] = (bytes[0]! & 0x3f) | 0x40;
	return bytes.toString('hex');
}

function pem(certificate: x509.X509Certificate): string {
	return `${certificate.toString('pem')}\n`;
}

async function privatePem(keys: webcrypto.CryptoKeyPair): Promise<string> {
	const bytes = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey));
	const lines = bytes.toString('base64').match(/.{1,64}/g)!;
	return `-----BEGIN PRIVATE KEY-----\n${lines.join('\n')}\n-----END PRIVATE KEY-----\n`;
}

function pemBytes(text: string): Buffer {
	const body = /-----BEGIN PRIVATE KEY-----([A-Za-z0-9+/=\s]+)-----END PRIVATE KEY-----/.exec(text);
	if (!body) throw new Error('ca-key.pem is not a PKCS #8 private key');
	return Buffer.from(body[1]!, 'base64');
}
