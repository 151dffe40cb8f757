import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { parse } from 'csv-parse/sync';
import type { Sample, Sensor } from '../../../modules/ports';

/** The quantities of a reading by the names they have at the server. */
export const quantities: Readonly<Record<string, keyof Sample>> = Object.freeze({
	temperature: 'temperatureCelsius',
	humidity: 'humidityPercent',
	heart_rate: 'heartRateBpm',
	spo2: 'spo2Percent',
	battery_level: 'batteryPercent',
	latitude: 'latitudeDegrees',
	longitude: 'longitudeDegrees',
});

/** Column names that are understood without a map: `heart_rate` or `pulse_1`, `pulse_2` … for several devices. */
const aliases: Readonly<Record<string, readonly string[]>> = Object.freeze({
	heart_rate: ['pulse', 'hr', 'bpm'],
	temperature: ['temp'],
	battery_level: ['battery'],
});

/** A recording: rows of samples, one to be measured after the other. */
export interface Recording {
	readonly rows: readonly Sample[];
	/** Which column feeds which quantity. */
	readonly columns: Readonly<Partial<Record<keyof Sample, string>>>;
}

/**
 * Reads a recording from a CSV file (plain or .gz) with a header line.
 * @param map `quantity=column` pairs joined by commas, e.g. `heart_rate=pulse_2,spo2=spo2_2`
 * @param device where a quantity has several columns (`pulse_1`, `pulse_2`, …) and no map names one, device k of a
 *   run takes the k-th, from 0
 * @throws Error that names the column or the row
 */
export function readRecording(file: string, map?: string, device = 0): Recording {
	const bytes = readFileSync(file);
	const text = (file.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8');
	const lines = parse(text, { skip_empty_lines: true, trim: true, bom: true }) as string[][];
	const header = lines.shift();
	if (!header) throw new Error(`${file}: no header line`);
	if (lines.length === 0) throw new Error(`${file}: no rows under its header`);
	const columns = map === undefined ? guessColumns(header, device) : parseMap(map);
	const places = Object.entries(columns).map(([quantity, column]) => {
		const at = header.indexOf(column);
		if (at < 0) throw new Error(`${file}: no column ${column}; there are ${header.join(', ')}`);
		return { quantity: quantity as keyof Sample, column, at };
	});
	if (places.length === 0)
		throw new Error(`${file}: no column is known (${header.join(', ')}); name them with --column-map`);
	const rows = lines.map((cells, row) => {
		const sample: Sample = {};
		for (const { quantity, column, at } of places) {
			const cell = cells[at] ?? '';
			if (cell === '') continue;
			const value = Number(cell);
			if (!Number.isFinite(value)) throw new Error(`${file}: row ${row + 1}, ${column}: "${cell}" is not a number`);
			sample[quantity] = value;
		}
		return sample;
	});
	return { rows, columns };
}

function guessColumns(header: readonly string[], device: number): Recording['columns'] {
	const columns: Partial<Record<keyof Sample, string>> = {};
	for (const [name, quantity] of Object.entries(quantities)) {
		const names = [name, ...(aliases[name] ?? [])];
		const exact = header.find((column) => names.includes(column));
		const numbered = header.filter((column) => names.some((known) => new RegExp(`^${known}_\\d+$`).test(column)));
		const column = exact ?? numbered[device % Math.max(1, numbered.length)];
		if (column !== undefined) columns[quantity] = column;
	}
	return columns;
}

function parseMap(map: string): Recording['columns'] {
	const columns: Partial<Record<keyof Sample, string>> = {};
	for (const pair of map.split(',')) {
		const [name = '', column = ''] = pair.split('=').map((part) => part.trim());
		const quantity = Object.hasOwn(quantities, name) ? quantities[name] : undefined;
		if (!quantity || column === '')
			throw new Error(
				`--column-map: "${pair}" is not QUANTITY=COLUMN with one of ${Object.keys(quantities).join(', ')}`,
			);
		columns[quantity] = column;
	}
	return columns;
}

/** Gives one row of a recording at each sample, each once; `onEnd` is called with the last. */
export function replaySensor(recording: Recording, onEnd: () => void): Sensor {
	let next = 0;
	return {
		name: 'replay',
		sample() {
			const row = recording.rows[next];
			if (row === undefined) return undefined;
			next++;
			if (next === recording.rows.length) onEnd();
			return row;
		},
		close() {},
	};
}
