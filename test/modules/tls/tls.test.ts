/** modules/tls among strangers, on XS and this computer's Mbed TLS. What the cases are stands in the cases-*.ts. */
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { findMbedTls } from '../../support/mbedtls';
import type { World } from './cases';
import { XsDevice } from './machine';
import { stories } from './resumption';
import { cases, makeWorld, runCase } from './run';

const library = findMbedTls();

/** What Mbed TLS 3.6 refuses when it has TLS 1.3 too (DESIGN.md, Known). */
const beyond36 = ['TLSv1.2: a server with an RSA key', 'TLSv1.2: a root and a server of RSA'];
const isKnown = (name: string): boolean => library?.major === 3 && library.tls13 && beyond36.includes(name);

// Most of a case's time is waiting: for the end of a timeout, and for what must not follow.
vi.setConfig({ maxConcurrency: 8 });

describe.skipIf(!library).concurrent('TLS on XS', () => {
	let device: XsDevice;
	let world: World;

	beforeAll(async () => {
		device = new XsDevice(library?.tls13 ?? false);
		world = await makeWorld(device);
	});

	afterAll(() => {
		if (!device) return;
		const { trials, arena, heap } = device.figures;
		console.log(`TLS: ${trials} trials; at most ${arena} bytes of XS (64-bit) and ${heap} of the C heap`);
	});

	for (const trial of cases)
		test.skipIf((trial.needs13 && !library?.tls13) || isKnown(trial.name))(trial.name, async () => {
			expect(await runCase(trial, device, world)).toEqual([]);
		});

	for (const story of stories)
		test.skipIf(story.needs13 && !library?.tls13)(story.name, async () => {
			expect(await story.run(device, world)).toEqual([]);
		});
});
