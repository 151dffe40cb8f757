/** Certificates as good and as bad as a case wants them. Keys are made once for each run. */
import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import * as x509 from '@peculiar/x509';

x509.cryptoProvider.set(webcrypto as never);

const HOUR = 3_600_000;
const YEAR = 365 * 24 * HOUR;

export type KeyKind = 'P-256' | 'P-384' | 'RSA-2048' | 'RSA-1024';

export interface Identity {
	readonly certificate: x509.X509Certificate;
	readonly keys: webcrypto.CryptoKeyPair;
	readonly algorithm: webcrypto.Algorithm;
	/** PEM, this certificate and those between it and the root. */
	readonly chain: string;
	readonly pem: string;
	readonly key: string;
}

export interface Wish {
	readonly name?: string;
	readonly kind?: KeyKind;
	readonly hash?: 'SHA-256' | 'SHA-1';
	/** Undefined: no such extension. */
	readonly ca?: boolean | undefined;
	readonly pathLength?: number;
	readonly names?: readonly { readonly type: 'dns' | 'ip' | 'email'; readonly value: string }[];
	readonly usage?: number;
	readonly extendedUsage?: readonly string[];
	readonly notBefore?: number;
	readonly notAfter?: number;
	readonly extensions?: readonly x509.Extension[];
}

export const Usage = x509.KeyUsageFlags;
export const SERVER = '1.3.6.1.5.5.7.3.1';
export const CLIENT = '1.3.6.1.5.5.7.3.2';

const made = new Map<string, Promise<webcrypto.CryptoKeyPair>>();

/** `which` tells keys of one kind apart. */
export function keyPair(kind: KeyKind, hash: string, which: string): Promise<webcrypto.CryptoKeyPair> {
	const name = `${kind} ${kind.startsWith('RSA') ? hash : ''} ${which}`;
	const known = made.get(name);
	if (known) return known;
	const fresh = webcrypto.subtle.generateKey(keyAlgorithm(kind, hash), true, ['sign', 'verify']);
	made.set(name, fresh as Promise<webcrypto.CryptoKeyPair>);
	return fresh as Promise<webcrypto.CryptoKeyPair>;
}

function keyAlgorithm(kind: KeyKind, hash: string): webcrypto.RsaHashedKeyGenParams | webcrypto.EcKeyGenParams {
	if (!kind.startsWith('RSA')) return { name: 'ECDSA', namedCurve: kind };
	const modulusLength = Number(kind.slice(4));
	return { name: 'RSASSA-PKCS1-v1_5', hash, modulusLength, publicExponent: Uint8Array.of(1, 0, 1) };
}

let serial = 1;

/** Signed by `issuer`, or by itself. */
export async function issue(wish: Wish, issuer?: Identity): Promise<Identity> {
	const { name = 'device.test', kind = 'P-256', hash = 'SHA-256', ca, pathLength } = wish;
	const { names = [], usage, extendedUsage, notBefore = -HOUR, notAfter = YEAR } = wish;
	const keys = await keyPair(kind, hash, ca ? name : 'leaf');
	const signing = kind.startsWith('RSA') ? { name: 'RSASSA-PKCS1-v1_5', hash } : { name: 'ECDSA', hash };
	const algorithm = issuer ? { ...issuer.algorithm, hash } : signing;
	const extensions: x509.Extension[] = [...(wish.extensions ?? [])];
	if (ca !== undefined) extensions.push(new x509.BasicConstraintsExtension(ca, pathLength, true));
	if (names.length) extensions.push(new x509.SubjectAlternativeNameExtension([...names]));
	if (usage !== undefined) extensions.push(new x509.KeyUsagesExtension(usage, true));
	if (extendedUsage) extensions.push(new x509.ExtendedKeyUsageExtension([...extendedUsage]));
	const certificate = await x509.X509CertificateGenerator.create({
		serialNumber: (++serial).toString(16).padStart(4, '0'),
		subject: `CN=${name}`,
		issuer: issuer ? issuer.certificate.subject : `CN=${name}`,
		notBefore: new Date(Date.now() + notBefore),
		notAfter: new Date(Date.now() + notAfter),
		signingAlgorithm: algorithm as never,
		publicKey: keys.publicKey as never,
		signingKey: (issuer?.keys ?? keys).privateKey as never,
		extensions,
	});
	const pem = certificate.toString('pem');
	const root = issuer === undefined || issuer.certificate.subject === issuer.certificate.issuer;
	return {
		certificate,
		keys,
		algorithm: signing,
		pem,
		chain: root ? pem : `${pem}\n${issuer.chain}`,
		key: x509.PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey), 'PRIVATE KEY'),
	};
}

export const authority = (name: string, wish: Wish = {}, issuer?: Identity): Promise<Identity> =>
	issue({ name, ca: true, usage: Usage.keyCertSign | Usage.cRLSign, notAfter: 10 * YEAR, ...wish }, issuer);

export const server = (issuer: Identity, wish: Wish = {}): Promise<Identity> =>
	issue(
		{
			ca: false,
			usage: Usage.digitalSignature,
			extendedUsage: [SERVER],
			names: [{ type: 'dns', value: 'device.test' }],
			...wish,
		},
		issuer,
	);

/** An extension from its DER, in hexadecimal. */
export const extension = (oid: string, critical: boolean, hex: string): x509.Extension =>
	new x509.Extension(oid, critical, Buffer.from(hex, 'hex'));

/** The same with its last byte changed: the signature is no longer one. */
export function forged(identity: Identity): Identity {
	const bytes = Buffer.from(identity.certificate.rawData);
	bytes[bytes.length - 1]! ^= 1;
	const pem = x509.PemConverter.encode(bytes, 'CERTIFICATE');
	return { ...identity, pem, chain: pem };
}
