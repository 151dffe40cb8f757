import type { Case, World } from './cases';
import { spoken } from './cases';
import {
	authority,
	CLIENT,
	extension,
	forged,
	type Identity,
	issue,
	SERVER,
	server,
	Usage,
	type Wish,
} from './certificates';
import { tlsPeer } from './peers';
import type { Trial } from './plan';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** A server that shows what `make` gives. */
const shows =
	(make: (world: World) => Promise<Identity>, trial?: Partial<Trial>): Case['set'] =>
	async (world) => ({
		peer: await tlsPeer(await make(world), { ciphers: 'DEFAULT@SECLEVEL=0' }),
		...(trial && { trial }),
	});
const leaf = (wish: Wish, trial?: Partial<Trial>): Case['set'] => shows((world) => server(world.root, wish), trial);
const dns = (...values: string[]): Wish => ({ names: values.map((value) => ({ type: 'dns', value })) });
const ip = (...values: string[]): Wish => ({ names: values.map((value) => ({ type: 'ip', value })) });

/** permittedSubtrees: dNSName "elsewhere.test". */
const CONSTRAINTS = '3014a0123010820e656c736577686572652e74657374';

export const certificateCases: readonly Case[] = [
	{
		name: 'a certificate that has expired',
		set: leaf({ notBefore: -9 * DAY, notAfter: -HOUR }),
		refused: /^tls: certificate expired$/,
	},
	{
		name: 'a certificate of tomorrow',
		set: leaf({ notBefore: HOUR, notAfter: DAY }),
		refused: /^tls: certificate not yet valid$/,
	},
	{
		name: 'a good certificate, and a device in 2060',
		set: leaf({}, { time: Date.UTC(2060, 1) }),
		refused: /^tls: certificate expired$/,
	},
	{
		name: 'a good certificate, and a device in 1970',
		set: leaf({}, { time: 5000 }),
		refused: /^tls: certificate not yet valid$/,
	},
	{ name: 'a device that does not know the time', set: leaf({}, { time: null }), refused: /^tls: time unknown/ },
	{ name: 'one that need not know it', set: leaf({}, { time: null, requireTime: false }), also: spoken },
	{
		name: 'one that need not know it, yet was built after the certificate ended',
		set: leaf({ notBefore: -9 * DAY, notAfter: -DAY }, { time: null, requireTime: false, notBefore: Date.now() }),
		refused: /^tls: certificate expired$/,
	},
	{
		name: 'a clock that was set back before the device was built',
		set: leaf({ notBefore: -9 * DAY, notAfter: -DAY }, { time: Date.now() - 5 * DAY, notBefore: Date.now() }),
		refused: /^tls: certificate expired$/,
	},
	{ name: 'another host name', set: leaf(dns('other.test')), refused: /^tls: host name mismatch$/ },
	{ name: 'a name that the certificate has as second', set: leaf(dns('other.test', 'DEVICE.test')), also: spoken },
	{
		name: 'no subject alternative name, and a common name that fits',
		set: leaf({ names: [] }),
		refused: /^tls: host name mismatch$/,
	},
	{
		name: 'a common name that fits, and another alternative name',
		set: leaf({ name: 'device.test', ...dns('x.test') }),
		refused: /^tls: host name mismatch$/,
	},
	{ name: 'a name with a zero byte in it', set: leaf(dns('device.test\0.evil.test')), refused: /^tls: / },
	{ name: 'a name with a dot after it', set: leaf(dns('device.test.')), refused: /^tls: host name mismatch$/ },
	{ name: 'a wildcard for the label', set: leaf(dns('*.home.test'), { host: 'a.home.test' }), also: spoken },
	{
		name: 'a wildcard for two labels',
		set: leaf(dns('*.home.test'), { host: 'a.b.home.test' }),
		refused: /host name mismatch/,
	},
	{
		name: 'a wildcard for no label',
		set: leaf(dns('*.home.test'), { host: 'home.test' }),
		refused: /host name mismatch/,
	},
	{ name: 'a wildcard for a whole top level', set: leaf(dns('*.test')), refused: /host name mismatch/ },
	{ name: 'a wildcard for everything', set: leaf(dns('*')), refused: /host name mismatch/ },
	{
		name: 'a wildcard within a label',
		set: leaf(dns('dev*.home.test'), { host: 'device.home.test' }),
		refused: /host name mismatch/,
	},
	{
		name: 'a wildcard that is not first',
		set: leaf(dns('home.*.test'), { host: 'home.x.test' }),
		refused: /host name mismatch/,
	},
	{
		name: 'a name as e-mail address',
		set: leaf({ names: [{ type: 'email', value: 'device.test' }] }),
		refused: /host name mismatch/,
	},
	{ name: 'an address', set: leaf(ip('127.0.0.1'), { host: '127.0.0.1' }), also: spoken },
	{ name: 'an IPv6 address', set: leaf(ip('2001:db8::17'), { serverName: '2001:DB8:0:0::0:17' }), also: spoken },
	{ name: 'another address', set: leaf(ip('127.0.0.2'), { host: '127.0.0.1' }), refused: /host name mismatch/ },
	{ name: 'an address as a name', set: leaf(dns('127.0.0.1'), { host: '127.0.0.1' }), refused: /host name mismatch/ },
	{ name: 'an address where a name is wanted', set: leaf(ip('127.0.0.1')), refused: /host name mismatch/ },
	{
		name: 'four letters as an address',
		set: leaf(ip('97.98.99.100'), { host: 'abcd' }),
		refused: /host name mismatch/,
	},
	{ name: 'another CA', set: shows(async () => server(await authority('Other'))), refused: /^tls: unknown CA/ },
	{
		name: 'another CA of the same name',
		set: shows(async ({ root }) => server({ ...(await authority('Twin')), certificate: root.certificate })),
		refused: /^tls: unknown CA/,
	},
	{
		name: 'a certificate signed by itself',
		set: shows(() => issue({ names: dns('device.test').names! })),
		refused: /^tls: unknown CA/,
	},
	{
		name: 'one signed by itself that says it is a CA',
		set: shows(() =>
			authority('device.test', { ...dns('device.test'), usage: Usage.keyCertSign | Usage.digitalSignature }),
		),
		refused: /^tls: unknown CA/,
	},
	{
		name: 'one that any leaf of the CA has signed',
		set: shows(async ({ root }) => server(await server(root, { name: 'leaf.test', ...dns('leaf.test') }))),
		refused: /^tls: unknown CA, or a signer that is no CA/,
	},
	{
		name: 'one signed by a leaf without basicConstraints',
		set: shows(async ({ root }) => server(await issue({ name: 'bare.test' }, root))),
		refused: /^tls: unknown CA, or a signer that is no CA/,
	},
	{
		name: 'one signed by a leaf that may sign certificates, and is no CA',
		set: shows(async ({ root }) =>
			server(await issue({ name: 'sly.test', ca: false, usage: Usage.keyCertSign }, root)),
		),
		refused: /^tls: unknown CA, or a signer that is no CA/,
	},
	{
		name: 'one of a CA that may not sign certificates',
		set: shows(async ({ root }) => server(await authority('Mute', { usage: Usage.digitalSignature }, root))),
		refused: /^tls: unknown CA/,
	},
	{ name: 'a CA between', set: shows(async ({ root }) => server(await authority('Between', {}, root))), also: spoken },
	{
		name: 'a CA between that has expired',
		set: shows(async ({ root }) => server(await authority('Old', { notBefore: -9 * DAY, notAfter: -DAY }, root))),
		refused: /^tls: certificate expired$/,
	},
	{
		name: 'a CA between that is not shown',
		set: shows(async ({ root }) => {
			const made = await server(await authority('Hidden', {}, root));
			return { ...made, chain: made.pem };
		}),
		refused: /^tls: unknown CA/,
	},
	{
		name: 'a CA below one that may have none below',
		set: shows(async ({ root }) =>
			server(await authority('Below', {}, await authority('Last', { pathLength: 0 }, root))),
		),
		refused: /^tls: unknown CA/,
	},
	{
		name: 'a signature that is none',
		set: shows(async ({ root }) => forged(await server(root))),
		refused: /^tls: (unknown CA|a certificate that cannot be read)/,
	},
	{ name: 'RSA with 1,024 bits', set: leaf({ kind: 'RSA-1024' }), refused: /weak key/ },
	{
		name: 'a CA of RSA with 1,024 bits between',
		set: shows(async ({ root }) => server(await authority('Small', { kind: 'RSA-1024' }, root))),
		refused: /weak key/,
	},
	{
		name: 'a certificate signed with SHA-1',
		set: async () => {
			const root = await authority('Root 1', { kind: 'RSA-2048', hash: 'SHA-1' });
			const peer = await tlsPeer(await server(root, { hash: 'SHA-1' }), { ciphers: 'DEFAULT@SECLEVEL=0' });
			return { peer, trial: { ca: root.pem } };
		},
		refused: /weak hash/,
	},
	{
		name: 'a certificate for clients',
		set: leaf({ extendedUsage: [CLIENT] }),
		refused: /^tls: certificate is not for servers$/,
	},
	{ name: 'a certificate for clients and servers', set: leaf({ extendedUsage: [CLIENT, SERVER] }), also: spoken },
	{
		name: 'a CA that is good for other names only (critical)',
		set: shows(async ({ root }) =>
			server(await authority('Fenced', { extensions: [extension('2.5.29.30', true, CONSTRAINTS)] }, root)),
		),
		refused: /^tls: a certificate that cannot be read/,
	},
	{
		name: 'a CA that is good for other names only (not critical)',
		set: shows(async ({ root }) =>
			server(await authority('Hedged', { extensions: [extension('2.5.29.30', false, CONSTRAINTS)] }, root)),
		),
		refused: /name constraints/,
	},
	{
		name: 'a critical extension that nobody knows',
		set: leaf({ extensions: [extension('1.2.3.4.5', true, '0500')] }),
		refused: /^tls: a certificate that cannot be read/,
	},
	{
		name: 'an extension that nobody knows',
		set: leaf({ extensions: [extension('1.2.3.4.5', false, '0500')] }),
		also: spoken,
	},
	{
		name: 'two reasons at once',
		set: leaf({ ...dns('other.test'), notBefore: -9 * DAY, notAfter: -DAY }),
		refused: /^tls: host name mismatch; certificate expired$/,
	},
	{
		name: 'the certificate itself as what is trusted',
		set: async () => {
			const own = await issue({ name: 'pinned', names: dns('device.test').names! });
			return { peer: await tlsPeer(own), trial: { ca: own.pem } };
		},
		also: spoken,
	},
	{
		name: 'two CAs, of which the second fits',
		set: async ({ root }) => ({
			peer: await tlsPeer(await server(root)),
			trial: { ca: `${(await authority('First')).pem}\n${root.pem}\n` },
		}),
		also: spoken,
	},
	{ name: 'a CA that is no certificate', set: leaf({}, { ca: 'PEM' }), throws: /^malformed: the CA cannot be read$/ },
	{ name: 'no CA', set: leaf({}, { ca: '' }), throws: /^misuse: no CA is given/ },
	{ name: 'a key without a certificate', set: leaf({}, { key: 'x' }), throws: /^misuse: / },
	{
		name: 'a certificate with the key of another',
		set: async ({ root }) => ({
			peer: await tlsPeer(await server(root)),
			trial: { certificate: (await server(root)).pem, key: (await authority('Nobody')).key },
		}),
		throws: /^malformed: /,
	},
	{ name: 'a host that is no name', set: leaf({}, { host: 'a..b' }), throws: /^range: / },
	{ name: 'a lower version than 1.2', set: leaf({}, { minimumVersion: 'TLSv1.1' as 'TLSv1.2' }), throws: /^range: / },
];
