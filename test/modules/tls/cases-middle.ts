import type { Case } from './cases';
import { spoken } from './cases';
import { server, Usage } from './certificates';
import { answer, END, type Meddler, message, middle, record, tlsPeer } from './peers';
import type { Trial } from './plan';

type Version = 'TLSv1.2' | 'TLSv1.3';

const between =
	(version: Version, meddle: Meddler, trial?: Partial<Trial>): Case['set'] =>
	async ({ root }) => ({
		peer: await middle(await tlsPeer(await server(root), { minVersion: version, maxVersion: version }), meddle),
		trial: { timeout: 2500, ...trial },
	});

const flip =
	(at: number): Meddler =>
	(bytes, index) => {
		if (index === at) bytes[bytes.length - 1]! ^= 0x40;
		return [bytes];
	};
const cut =
	(at: number): Meddler =>
	(bytes, index) =>
		index === at ? [END] : [bytes];
const shorten =
	(at: number): Meddler =>
	(bytes, index) =>
		index === at ? [bytes.subarray(0, Math.ceil(bytes.length / 2)), END] : [bytes];
const drop =
	(at: number): Meddler =>
	(bytes, index) =>
		index === at ? [] : [bytes];
const twice =
	(at: number): Meddler =>
	(bytes, index) =>
		index === at ? [bytes, bytes] : [bytes];
const swap =
	(at: number): Meddler =>
	(bytes, index, held) => {
		if (index !== at) return [bytes, ...held.splice(0)];
		held.push(bytes);
		return [];
	};
const insert =
	(at: number, hex: string): Meddler =>
	(bytes, index) =>
		index === at ? [Buffer.from(hex, 'hex'), bytes] : [bytes];

const REFUSED = /^(tls|timeout): /;

/** The server's records in TLS 1.2: ServerHello, Certificate, ServerKeyExchange, ServerHelloDone, ticket, CCS, Finished. */
const RECORDS_12 = [
	'ServerHello',
	'Certificate',
	'ServerKeyExchange',
	'ServerHelloDone',
	'NewSessionTicket',
	'ChangeCipherSpec',
	'Finished',
];
/** In TLS 1.3: ServerHello, CCS (means nothing), EncryptedExtensions, Certificate, CertificateVerify, Finished. */
const RECORDS_13 = [
	'ServerHello',
	'ChangeCipherSpec',
	'EncryptedExtensions',
	'Certificate',
	'CertificateVerify',
	'Finished',
];

const attacks: readonly (readonly [name: string, (at: number) => Meddler])[] = [
	['one bit changed in', flip],
	['an end before', cut],
	['an end in the middle of', shorten],
	['no', drop],
	['twice the', twice],
	['the next record before', swap],
];

/** What means nothing may be lost, doubled or moved. */
const harmless = (name: string, record: string): boolean =>
	(record === 'ChangeCipherSpec' && !/end|bit/.test(name)) || (record === 'ServerHello' && /next/.test(name));

function all(version: Version, records: readonly string[]): Case[] {
	return attacks.flatMap(([words, attack]) =>
		records.flatMap((record, at): Case[] => {
			if (version === 'TLSv1.3' && harmless(words, record)) return [];
			const name = `${version}: ${words} ${record}`;
			// A second Finished comes when all is done already.
			const opened = attack === twice && record === 'Finished';
			return [{ name, set: between(version, attack(at)), refused: REFUSED, opened, needs13: version === 'TLSv1.3' }];
		}),
	);
}

/** The first record after the handshake: in TLS 1.3 two tickets come before. */
const later = (version: Version): number => (version === 'TLSv1.2' ? 7 : 6);

function afterwards(version: Version): Case[] {
	const at = later(version);
	const needs13 = version === 'TLSv1.3';
	const opened = true;
	return [
		{
			name: `${version}: one bit changed in the first record after`,
			set: between(version, flip(at)),
			refused: /^tls: a TLS record that is damaged/,
			opened,
			needs13,
		},
		{
			name: `${version}: an end without a goodbye`,
			set: between(version, cut(at)),
			refused: /^closed: the connection was cut/,
			opened,
			needs13,
		},
		{
			name: `${version}: an end in the middle of a record`,
			set: between(version, shorten(at)),
			refused: /^closed: the connection was cut/,
			opened,
			needs13,
		},
		{
			name: `${version}: the first record after twice`,
			set: between(version, twice(at), { receive: 50 }),
			refused: /^tls: a TLS record that is damaged/,
			opened,
			needs13,
		},
		{
			name: `${version}: a goodbye in the clear after the handshake`,
			set: between(version, insert(at, '15030300020100')),
			refused: TLS,
			opened,
			needs13,
		},
		{
			name: `${version}: data in the clear after the handshake`,
			set: between(version, insert(at, '170303000568656c6c6f')),
			refused: TLS,
			opened,
			needs13,
			also: ({ received }) => (received === '' ? undefined : received),
		},
		{
			name: `${version}: a record of 65,535 bytes after the handshake`,
			set: between(version, insert(at, '170303ffff')),
			refused: TLS,
			opened,
			needs13,
		},
	];
}

const TLS = /^tls: /;

export const middleCases: readonly Case[] = [
	...all('TLSv1.2', RECORDS_12),
	...all('TLSv1.3', RECORDS_13),
	...afterwards('TLSv1.2'),
	...afterwards('TLSv1.3'),
	{
		name: 'a certificate whose key may not sign a handshake',
		async set({ root }) {
			const { certificate } = await server(root, { usage: Usage.keyAgreement });
			const der = Buffer.from(certificate.rawData);
			const length = (extra: number): string => (der.length + extra).toString(16).padStart(6, '0');
			const shown = record(22, message(11, Buffer.concat([Buffer.from(length(3) + length(0), 'hex'), der])));
			const honest = await tlsPeer(await server(root), { maxVersion: 'TLSv1.2' });
			return { peer: await middle(honest, (bytes, index) => [index === 1 ? shown : bytes]) };
		},
		refused: /^tls: certificate is not for this key usage$/,
	},
	{
		name: 'one byte at a time',
		set: between('TLSv1.2', (bytes) => Array.from(bytes, (byte) => Buffer.of(byte)), { timeout: 20_000 }),
		also: spoken,
	},
	{
		name: 'a server that starts over (renegotiation)',
		set: async ({ root }) => ({
			peer: await tlsPeer(await server(root), {
				maxVersion: 'TLSv1.2',
				serve(socket, { notes }) {
					socket.once('data', () => socket.renegotiate({}, (error) => notes.push(error ? 'not' : 'renegotiated')));
				},
			}),
		}),
		// OpenSSL is told no_renegotiation, and gives up.
		refused: /^tls: the peer refused: handshake failure/,
		opened: true,
		also: (_, peer) => (peer.notes.includes('renegotiated') ? 'it was renegotiated' : undefined),
	},
	{
		name: 'a server that says goodbye',
		set: async ({ root }) => ({
			peer: await tlsPeer(await server(root), { serve: (socket) => socket.once('data', () => socket.end('bye')) }),
		}),
		refused: /^closed: the peer closed the connection$/,
		opened: true,
		also: ({ received }) => (received === 'bye' ? undefined : `received ${received}`),
	},
	{
		name: 'a server that says goodbye while nobody reads: all is read before the end is told',
		set: async ({ root }) => ({
			peer: await tlsPeer(await server(root), { serve: (socket) => socket.once('data', () => socket.end('bye')) }),
			trial: { mischief: 'readLater' },
		}),
		refused: /^closed: the peer closed the connection$/,
		opened: true,
		also: ({ received }) => (received === 'bye' ? undefined : `received ${received}`),
	},
	{
		name: 'an application that throws',
		set: async ({ root }) => ({
			peer: await tlsPeer(await server(root), { serve: answer }),
			trial: { mischief: 'throw' },
		}),
		refused: /^range: an application that throws$/,
		opened: true,
	},
	{
		name: 'an application that closes when it may write',
		set: async ({ root }) => ({ peer: await tlsPeer(await server(root)), trial: { mischief: 'closeInWritable' } }),
	},
	{
		name: 'an application that closes when it may read',
		set: async ({ root }) => ({ peer: await tlsPeer(await server(root)), trial: { mischief: 'closeInReadable' } }),
	},
	{
		name: 'an application that closes at once',
		set: async ({ root }) => ({ peer: await tlsPeer(await server(root)), trial: { mischief: 'closeAtOnce' } }),
		silent: true,
		also: ({ opened }) => (opened ? 'it opened' : undefined),
	},
];
