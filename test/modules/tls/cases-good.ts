import { createServer } from 'node:net';
import type { SecureVersion } from 'node:tls';
import type { Case } from './cases';
import { spoken } from './cases';
import { authority, CLIENT, issue, server, Usage } from './certificates';
import { echo, type TlsPeerOptions, tlsPeer } from './peers';
import type { Trial } from './plan';

const speaks =
	(options: TlsPeerOptions, trial?: Partial<Trial>): Case['set'] =>
	async ({ root }) => ({
		peer: await tlsPeer(await server(root), options),
		...(trial && { trial }),
	});
const only = (version: SecureVersion): TlsPeerOptions => ({ minVersion: version, maxVersion: version });

/** A server that wants to know who is there. */
const asks =
	(kind: 'P-256' | 'P-384' | 'RSA-2048' | undefined, version: SecureVersion): Case['set'] =>
	async ({ root }) => {
		const { pem, key } = await issue(
			{ name: 'device-1', kind: kind ?? 'P-256', usage: Usage.digitalSignature, extendedUsage: [CLIENT] },
			root,
		);
		return {
			peer: await tlsPeer(await server(root), {
				...only(version),
				requestCert: true,
				rejectUnauthorized: true,
				ca: root.pem,
			}),
			trial: kind ? { certificate: pem, key } : {},
		};
	};

const versions = ['TLSv1.2', 'TLSv1.3'] as const;

export const goodCases: readonly Case[] = [
	...versions.flatMap((version): Case[] => {
		const needs13 = version === 'TLSv1.3';
		const shown = (outcome: Parameters<typeof spoken>[0], peer: Parameters<typeof spoken>[1]): string | undefined =>
			spoken(outcome, peer) ?? (outcome.protocol.startsWith(version) ? undefined : outcome.protocol);
		return [
			{ name: `${version}: a server`, set: speaks(only(version)), needs13, also: shown },
			{
				name: `${version}: a server with an RSA key`,
				set: async ({ root }) => ({ peer: await tlsPeer(await server(root, { kind: 'RSA-2048' }), only(version)) }),
				needs13,
				also: shown,
			},
			{
				name: `${version}: a root and a server of RSA`,
				set: async () => {
					const root = await authority('Root RSA', { kind: 'RSA-2048' });
					return {
						peer: await tlsPeer(await server(root, { kind: 'RSA-2048' }), only(version)),
						trial: { ca: root.pem },
					};
				},
				needs13,
				also: shown,
			},
			{
				name: `${version}: P-384`,
				set: async () => {
					const root = await authority('Root 384', { kind: 'P-384' });
					return { peer: await tlsPeer(await server(root, { kind: 'P-384' }), only(version)), trial: { ca: root.pem } };
				},
				needs13,
				also: shown,
			},
			{ name: `${version}: only x25519`, set: speaks({ ...only(version), ecdhCurve: 'X25519' }), needs13, also: shown },
			{
				name: `${version}: only P-384 for the exchange`,
				set: speaks({ ...only(version), ecdhCurve: 'P-384' }),
				needs13,
				also: shown,
			},
			{ name: `${version}: byte by byte`, set: speaks(only(version), { format: 'number' }), needs13, also: shown },
			{ name: `${version}: read later`, set: speaks(only(version), { mischief: 'readLater' }), needs13, also: shown },
			{
				name: `${version}: 300,000 bytes there and back`,
				set: speaks({ ...only(version), serve: echo }, { bulk: 300_000 }),
				needs13,
				also: ({ bytes }) => (bytes === 300_000 ? undefined : `${bytes} bytes`),
			},
			{ name: `${version}: a client certificate, EC`, set: asks('P-256', version), needs13, also: shown },
			{ name: `${version}: a client certificate, P-384`, set: asks('P-384', version), needs13, also: shown },
			{ name: `${version}: a client certificate, RSA`, set: asks('RSA-2048', version), needs13, also: shown },
			{
				name: `${version}: no client certificate, and one is wanted`,
				set: asks(undefined, version),
				refused: /^(tls: (the peer refused|peer closed)|closed: )/,
				opened: needs13,
				needs13,
			},
		];
	}),
	{
		name: 'TLS 1.3 wanted, and the server has 1.2',
		set: speaks(only('TLSv1.2'), { minimumVersion: 'TLSv1.3' }),
		refused: /^tls: /,
		needs13: true,
	},
	{
		name: 'a server of TLS 1.1 and no more',
		set: speaks({ ...only('TLSv1.1'), ciphers: 'ALL@SECLEVEL=0' }),
		refused: /^tls: /,
	},
	{
		name: 'a server of TLS 1.0 and no more',
		set: speaks({ ...only('TLSv1'), ciphers: 'ALL@SECLEVEL=0' }),
		refused: /^tls: /,
	},
	{
		name: 'a server without forward secrecy',
		set: async ({ root }) => ({
			peer: await tlsPeer(
				await server(root, { kind: 'RSA-2048', usage: Usage.keyEncipherment | Usage.digitalSignature }),
				{
					maxVersion: 'TLSv1.2',
					ciphers: 'AES128-GCM-SHA256:AES128-SHA',
				},
			),
		}),
		refused: /^tls: the peer refused: handshake failure/,
	},
	{
		name: 'a server with CBC only',
		set: speaks({ maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-AES128-SHA:ECDHE-ECDSA-AES128-SHA256' }),
		refused: /^tls: the peer refused/,
	},
	{
		name: 'ChaCha20-Poly1305',
		set: speaks({ maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-CHACHA20-POLY1305' }),
		also: spoken,
	},
	{
		name: 'AES-256-GCM',
		set: speaks({ maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-AES256-GCM-SHA384' }),
		also: spoken,
	},
	{
		name: 'nobody there',
		async set() {
			const server = createServer();
			await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
			const { port } = server.address() as { port: number };
			await new Promise((done) => server.close(done));
			return { peer: { port, wire: [], heard: [], notes: [], close() {} } };
		},
		refused: /^(connect: |tls: peer closed)/,
	},
];
