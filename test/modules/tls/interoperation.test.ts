/** modules/tls on XS among the servers that people run: Mosquitto and nginx (Node's is met in tls.test.ts). Sessions resume. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generate } from 'mqtt-packet';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findMbedTls } from '../../support/mbedtls';
import { hasMosquitto, type Mosquitto, startMosquitto } from '../../support/mosquitto';
import { hasNginx, startNginx } from '../../support/nginx';
import type { World } from './cases';
import { authority, CLIENT, issue, type KeyKind, server, Usage } from './certificates';
import { XsDevice } from './machine';
import type { Outcome, Trial } from './plan';
import { makeWorld } from './run';

const library = findMbedTls();
const versions = library?.tls13 ? (['TLSv1.2', 'TLSv1.3'] as const) : (['TLSv1.2'] as const);
type Version = (typeof versions)[number];
/** A broker names the lowest version it speaks, and the highest of both is taken. */
const highest = versions.slice(-1);

const folder = mkdtempSync(join(tmpdir(), 'tls-'));

let device: XsDevice;
let world: World;

beforeAll(async () => {
	if (!library) return;
	device = new XsDevice(library.tls13);
	world = await makeWorld(device);
});

afterAll(() => rmSync(folder, { recursive: true }));

/** Meets the server three times: fresh, with the session of the first time, and with another authority. */
async function meet(port: number, trial: Partial<Trial>): Promise<{ fresh: Outcome; again: Outcome; wrong: Outcome }> {
	const go = (more: Partial<Trial>): Promise<Outcome> => device.run({ port, ca: world.root.pem, ...trial, ...more });
	const fresh = await go({});
	const session = fresh.sessions.at(-1) ?? '';
	const again = await go({ session });
	const stranger = await authority('Somebody else');
	return { fresh, again, wrong: await go({ ca: stranger.pem }) };
}

function wellMet(outcome: Outcome, version: Version, resumed: boolean): void {
	expect(outcome.errors).toEqual([]);
	expect(outcome.strays).toEqual([]);
	expect(outcome.protocol).toMatch(version);
	expect(outcome.resumed).toBe(resumed);
}

function refused(outcome: Outcome): void {
	expect(outcome.errors.join()).toMatch(/^tls: /);
	expect(outcome.opened).toBe(false);
	expect(outcome.received).toBe('');
}

describe.runIf(library && hasNginx())('nginx', () => {
	const kinds: readonly KeyKind[] = ['P-256', 'RSA-2048'];
	for (const version of versions) {
		// Mbed TLS 3.6 refuses the other when it has TLS 1.3 too (DESIGN.md, Known).
		const isKnown = library?.major === 3 && library.tls13 && version === 'TLSv1.2';
		test.each(isKnown ? kinds.slice(0, 1) : kinds)(
			`${version}, a key of %s: verified, answered, resumed`,
			async (kind) => {
				const { chain, key } = await server(world.root, { kind });
				// Long, so that it is there when the device has read enough to close.
				const answer = `$ssl_protocol $ssl_session_reused ${'.'.repeat(200)}`;
				const nginx = await startNginx(chain, key, version, answer);
				try {
					const { fresh, again, wrong } = await meet(nginx.port, {
						send: 'GET / HTTP/1.1\r\nHost: device.test\r\n\r\n',
						receive: 300,
					});
					wellMet(fresh, version, false);
					expect(fresh.received).toMatch(new RegExp(`^HTTP/1.1 200 OK[^]*${version} \\. `));
					wellMet(again, version, true);
					// The server says so itself.
					expect(again.received).toMatch(new RegExp(`${version} r `));
					refused(wrong);
				} finally {
					await nginx.stop();
				}
			},
		);
	}
});

describe.runIf(library && hasMosquitto())('Mosquitto', () => {
	const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');
	const connect = generate({
		cmd: 'connect',
		clientId: 'd1',
		keepalive: 60,
		username: 'd1',
		password: 'secret',
	} as never);
	const trial = { send: text(connect) + text(generate({ cmd: 'pingreq' })), receive: 6 };
	/** CONNACK, PINGRESP. */
	const welcome = '20020000d000';

	async function broker(tlsVersion: Version, config = ''): Promise<Mosquitto> {
		const { chain, key } = await server(world.root);
		const file = (name: string, content: string): string => {
			writeFileSync(join(folder, name), content, { mode: 0o600 });
			return join(folder, name);
		};
		const caFile = file('ca.pem', world.root.pem);
		return startMosquitto({
			certFile: file('chain.pem', `${chain}\n`),
			keyFile: file('key.pem', key),
			users: { d1: 'secret' },
			tlsVersion,
			config: config.replace('CA', caFile),
		});
	}

	test.each(highest)('%s: verified, welcomed, resumed', async (version) => {
		const mosquitto = await broker(version);
		try {
			const { fresh, again, wrong } = await meet(mosquitto.port, trial);
			wellMet(fresh, version, false);
			wellMet(again, version, true);
			for (const { received } of [fresh, again]) expect(Buffer.from(received, 'latin1').toString('hex')).toBe(welcome);
			refused(wrong);
		} finally {
			await mosquitto.stop();
		}
	});

	test.each(highest)(
		'%s: a client certificate is asked for and given, and without one nobody comes in',
		async (version) => {
			const mosquitto = await broker(version, 'cafile CA\nrequire_certificate true');
			try {
				const wish = { name: 'd1', usage: Usage.digitalSignature, extendedUsage: [CLIENT] };
				const { pem, key } = await issue(wish, world.root);
				const { fresh, again, wrong } = await meet(mosquitto.port, { ...trial, certificate: pem, key });
				wellMet(fresh, version, false);
				expect(Buffer.from(fresh.received, 'latin1').toString('hex')).toBe(welcome);
				wellMet(again, version, true);
				refused(wrong);
				const nobody = await device.run({ port: mosquitto.port, ca: world.root.pem, ...trial });
				expect(nobody.errors).toHaveLength(1);
				expect(nobody.received).toBe('');
			} finally {
				await mosquitto.stop();
			}
		},
	);
});
