/** The recordings of three persons with four oximeters beside, where they are (see their README): red channel of a camera. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { agreed, rows } from '../../../bench/vitals-reference';
import { PpgEstimator } from '../../../modules/ppg/estimator';

const folder = join(import.meta.dirname, '..', '..', '..', '..', 'shared', 'data', 'ppg');
const files = existsSync(folder) ? readdirSync(folder).filter((name) => /^\d+-(left|right)\.csv\.gz$/.test(name)) : [];

describe.runIf(files.length > 0)('recordings with references', () => {
	test.each(files)('%s: within 2 beats on average, 95 % within 5, told 85 % of the time', (name) => {
		const text = gunzipSync(readFileSync(join(folder, name))).toString();
		const reference = rows(readFileSync(join(folder, `${name.slice(0, 6)}-reference.csv`), 'utf8'));
		const estimator = new PpgEstimator({ rateHz: 30, infrared: false });
		const errors: number[] = [];
		let seconds = 0;
		let asked = 0;
		for (const [red] of rows(text)) {
			if (!estimator.push(Number(red))) continue;
			const expected = agreed((reference[seconds++] ?? []).slice(5).map(Number));
			if (expected === undefined) continue;
			asked++;
			const { heartRateBpm } = estimator.estimate;
			if (heartRateBpm !== undefined) errors.push(Math.abs(heartRateBpm - expected));
		}
		expect(errors.reduce((sum, error) => sum + error, 0) / errors.length).toBeLessThanOrEqual(2);
		expect(errors.filter((error) => error <= 5).length / errors.length).toBeGreaterThanOrEqual(0.95);
		expect(errors.length / asked).toBeGreaterThanOrEqual(0.85);
	});
});
