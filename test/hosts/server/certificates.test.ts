import { X509Certificate } from 'node:crypto';
import { copyFileSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { hostname, networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { fingerprint, serverCertificates } from '../../../hosts/server/certificates';
import { noon, scratch } from './support';

const day = 86_400_000;

describe('the first start', () => {
	test('makes an authority and a certificate for every name of this machine, for 397 days', async () => {
		const { ca, cert } = await serverCertificates(scratch(), noon);
		const authority = new X509Certificate(ca);
		const server = new X509Certificate(cert);
		expect(authority.ca).toBe(true);
		expect(server.ca).toBe(false);
		expect(server.checkIssued(authority) && server.verify(authority.publicKey)).toBe(true);
		for (const name of ['localhost', hostname()]) expect(server.checkHost(name)).toBeTruthy();
		for (const address of ['127.0.0.1', '::1']) expect(server.checkIP(address)).toBeTruthy();
		expect(server.checkHost('example.org')).toBeUndefined();
		expect(Date.parse(server.validTo) - noon).toBe(397 * day);
		expect(Date.parse(server.validTo) - Date.parse(server.validFrom)).toBeLessThanOrEqual(398 * day);
		expect(server.publicKey.asymmetricKeyDetails).toEqual({ namedCurve: 'prime256v1' });
	});

	test('also for the addresses that devices on the network reach this machine by', async () => {
		const server = new X509Certificate((await serverCertificates(scratch(), noon)).cert);
		const outside = Object.values(networkInterfaces())
			.flatMap((addresses) => addresses ?? [])
			.filter(({ internal, address }) => !internal && !address.startsWith('fe80'));
		for (const { address } of outside) expect(server.checkIP(address), address).toBeTruthy();
	});

	test('lets nobody else read the keys', async () => {
		const state = scratch();
		await serverCertificates(state, noon);
		const folder = join(state, 'tls');
		expect(statSync(folder).mode & 0o777).toBe(0o700);
		expect(readdirSync(folder).sort()).toEqual(['ca-key.pem', 'ca.pem', 'server-key.pem', 'server.pem']);
		for (const name of readdirSync(folder)) expect(statSync(join(folder, name)).mode & 0o777, name).toBe(0o600);
	});
});

describe('a later start', () => {
	test('keeps what is there', async () => {
		const state = scratch();
		const first = await serverCertificates(state, noon);
		expect(await serverCertificates(state, noon + 366 * day)).toEqual(first);
	});

	test('issues a new certificate for names that are given, and keeps them without being told again', async () => {
		const state = scratch();
		const first = await serverCertificates(state, noon);
		const second = await serverCertificates(state, noon, ['Fajma.example', '192.0.2.7', '2001:db8::7']);
		expect(second.ca).toBe(first.ca);
		const certificate = new X509Certificate(second.cert);
		expect(certificate.checkHost('fajma.example')).toBeTruthy();
		for (const address of ['192.0.2.7', '2001:db8::7']) expect(certificate.checkIP(address)).toBeTruthy();
		expect(await serverCertificates(state, noon)).toEqual(second);
		expect(await serverCertificates(state, noon, ['fajma.example'])).toEqual(second);
		const third = await serverCertificates(state, noon, ['other.example']);
		for (const name of ['fajma.example', 'other.example', 'localhost'])
			expect(new X509Certificate(third.cert).checkHost(name), name).toBeTruthy();
	});

	test.each(['', 'a b', '*.example', 'a..b', '-a', '300.1.1.1', 'fe80::1%eth0', 'x'.repeat(64)])(
		'refuses the name %j',
		async (name) => {
			await expect(serverCertificates(scratch(), noon, [name])).rejects.toThrow(/^name: /);
		},
	);

	test('issues a new server certificate near the end of the old one, under the same authority', async () => {
		const state = scratch();
		const first = await serverCertificates(state, noon);
		const second = await serverCertificates(state, noon + 368 * day);
		expect(second.ca).toBe(first.ca);
		expect(fingerprint(second.cert)).not.toBe(fingerprint(first.cert));
		expect(Date.parse(new X509Certificate(second.cert).validTo)).toBe(noon + (368 + 397) * day);
	});

	test('issues a new one under a new authority, when the old was taken away', async () => {
		const [state, other] = [scratch(), scratch()];
		await serverCertificates(state, noon);
		const { ca } = await serverCertificates(other, noon);
		for (const name of ['ca.pem', 'ca-key.pem']) copyFileSync(join(other, 'tls', name), join(state, 'tls', name));
		const changed = await serverCertificates(state, noon);
		expect(changed.ca).toBe(ca);
		expect(new X509Certificate(changed.cert).verify(new X509Certificate(ca).publicKey)).toBe(true);
	});

	test.each(['server.pem', 'server-key.pem'])('replaces a %s that is gone or garbage', async (name) => {
		const state = scratch();
		await serverCertificates(state, noon);
		rmSync(join(state, 'tls', name));
		const { cert, key } = await serverCertificates(state, noon);
		expect(new X509Certificate(cert).checkPrivateKey((await import('node:crypto')).createPrivateKey(key))).toBe(true);
		writeFileSync(join(state, 'tls', name), 'garbage');
		expect((await serverCertificates(state, noon))[name === 'server.pem' ? 'cert' : 'key']).toContain('-----BEGIN');
	});

	test('after one that was cut between the key and the certificate of the authority begins anew, and loses no key', async () => {
		const state = scratch();
		await serverCertificates(state, noon);
		const key = readFileSync(join(state, 'tls', 'ca-key.pem'), 'utf8');
		rmSync(join(state, 'tls', 'ca.pem'));
		await serverCertificates(state, noon);
		expect(readFileSync(join(state, 'tls', `ca-key-unused-${noon}.pem`), 'utf8')).toBe(key);
	});

	test('takes a certificate that somebody else looks after as it is', async () => {
		const state = scratch();
		const first = await serverCertificates(state, noon);
		rmSync(join(state, 'tls', 'ca-key.pem'));
		expect(await serverCertificates(state, noon + 400 * day)).toEqual(first);
	});
});
