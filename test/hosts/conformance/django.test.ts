import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { examine, type Identity, type Verdict } from '../../../hosts/conformance/clause';
import { httpClauses } from '../../../hosts/conformance/http';
import { webSocketClauses } from '../../../hosts/conformance/websocket';
import { type Django, hasDjango, startDjango } from '../../support/django';

describe.runIf(hasDjango())('the kit, of the guide’s server as it is written,', () => {
	const identity: Identity = {
		deviceId: 'KIT',
		ca: undefined,
		secret: undefined,
		mqttUser: undefined,
		mqttPassword: undefined,
		timeout: 3_000,
	};
	let django: Django;
	let verdicts: Verdict[] = [];

	beforeAll(async () => {
		django = await startDjango();
		const base = `127.0.0.1:${django.port}`;
		const clauses = [...httpClauses(`http://${base}`, identity), ...webSocketClauses(`ws://${base}`, identity)];
		verdicts = await examine(clauses);
	});

	afterAll(() => django?.stop());

	test('finds every clause of the guide held', () => {
		expect(verdicts.filter(({ source, held }) => source === 'guide' && !held)).toEqual([]);
		expect(verdicts.filter(({ source }) => source === 'guide').length).toBeGreaterThanOrEqual(11);
	});

	test('finds what it lacks, and says what was seen', () => {
		const lacks = verdicts.filter(({ held }) => !held);
		expect(lacks.map(({ text }) => text)).toEqual(
			expect.arrayContaining([
				'a batch is answered item by item',
				'what is not JSON is refused with 400',
				'a reading has its ack, by its reading_id',
			]),
		);
		for (const { seen } of lacks) expect(seen).toBeTruthy();
		expect(lacks.find(({ text }) => text === 'what is not JSON is refused with 400')!.seen).toMatch(/^500 /);
	});
});
