import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { issue, makeAuthority } from '../support/certificates';
import { type Django, hasDjango, startDjango } from '../support/django';

describe.runIf(hasDjango())('the guide’s server as it is written', () => {
	const folder = mkdtempSync(join(tmpdir(), 'fajma-django-test-'));
	let django: Django;
	let ca = '';

	beforeAll(async () => {
		const authority = await makeAuthority();
		const { cert, key } = await issue({ authority, names: ['localhost'] });
		ca = authority.cert;
		const certFile = join(folder, 'cert.pem');
		const keyFile = join(folder, 'key.pem');
		writeFileSync(certFile, cert);
		writeFileSync(keyFile, key, { mode: 0o600 });
		django = await startDjango({ certFile, keyFile });
	});

	afterAll(async () => {
		await django?.stop();
		rmSync(folder, { recursive: true, force: true });
	});

	const post = (path: string, body: unknown): Promise<{ status: number; answer: unknown }> =>
		new Promise((resolve, reject) => {
			const outgoing = request({ host: 'localhost', port: django.port, path, method: 'POST', ca }, (response) => {
				let text = '';
				response.setEncoding('utf8').on('data', (chunk) => {
					text += chunk;
				});
				response.on('end', () => resolve({ status: response.statusCode!, answer: JSON.parse(text) }));
			});
			outgoing.on('error', reject);
			outgoing.end(JSON.stringify(body));
		});

	test('takes our flat reading and lets our own key be', async () => {
		const reading = { device_id: 'ESP32_001', timestamp: 1_767_225_600_250, temperature: 36.61, reading_id: 'a-1' };
		expect(await post('/api/iot/data', reading)).toEqual({ status: 200, answer: { status: 'success', id: 1 } });
		expect(django.rows()[0]).toMatchObject({ temperature: 36.61, timestamp: '2026-01-01 00:00:00.250000' });
	});

	test('answers 500 to a measurement with a key that its model lacks: such keys stand beside', async () => {
		const measurement = { timestamp: '2026-01-01T00:00:00.000Z', reading_id: 'a-2' };
		expect((await post('/api/iot/batch', { device_id: 'ESP32_001', measurements: [measurement] })).status).toBe(500);
	});
});
