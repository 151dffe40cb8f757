/** modules/tls among strangers, on XS and this computer's Mbed TLS. What the cases are stands in the cases-*.ts. */
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { findMbedTls } from '../../support/mbedtls';
import type { World } from './cases';
import { XsDevice } from './machine';
import { stories } from './resumption';
import { cases, makeWorld, runCase } from './run';

const library = findMbedTls();

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
		test.skipIf(trial.needs13 && !library?.tls13)(trial.name, async () => {
			expect(await runCase(trial, device, world)).toEqual([]);
		});

	for (const story of stories)
		test.skipIf(story.needs13 && !library?.tls13)(story.name, async () => {
			expect(await story.run(device, world)).toEqual([]);
		});
});
