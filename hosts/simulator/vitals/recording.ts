import { createReadStream } from 'node:fs';
import { type Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { type Info, parse } from 'csv-parse';
import { Fault } from '../../../modules/fault';
import { type Columns, findColumns, HOLE, type Wanted } from './columns';

/** One sample of each channel; infrared is 0 when there is one channel. */
export type Take = (red: number, infrared: number) => void;

/** Rows that are looked at before the channels are chosen. */
const LOOKED_AT = 16;

/** Samples that were missing: how many, and the line of the first. */
export interface Holes {
	readonly count: number;
	readonly line: number;
}

/**
 * Reads a recording row by row, plain or .gz, however long it is. Where a sample is missing, the one before is held: of one alone
 * a pulse takes no notice, and many are flat, which no estimator takes for a pulse.
 * @param file its path, or `-` for standard input
 * @param start called once, before the first sample, with what was found
 * @returns the samples that were missing
 * @throws Fault `range` when a wanted column is not there; Error that names the line and the field that is not good, or what else is wrong with the file
 */
export async function readPpg(file: string, wanted: Wanted, start: (columns: Columns) => Take): Promise<Holes> {
	const held: { record: string[]; line: number }[] = [];
	let columns: Columns | undefined;
	let take: Take | undefined;
	const last = { red: 0, infrared: 0 };
	const holes = { count: 0, line: 0 };
	let isEmpty = true;
	const number = (record: readonly string[], at: number, name: string, line: number): number | undefined => {
		const cell = record[at];
		if (cell === undefined)
			throw new Error(`${file}: line ${line}, ${name}: missing; there are ${record.length} fields in this line`);
		if (HOLE.test(cell.trim())) return undefined;
		const value = Number(cell);
		if (!Number.isFinite(value))
			throw new Error(`${file}: line ${line}, ${name}: "${cell.slice(0, 40)}" is not a number`);
		return value;
	};
	const give = (record: readonly string[], line: number): void => {
		const { red, infrared, names } = columns!;
		const one = number(record, red, names[0], line);
		const other = infrared === undefined ? 0 : number(record, infrared, names[1], line);
		if (one === undefined || other === undefined) {
			if (holes.count++ === 0) holes.line = line;
		} else {
			isEmpty = false;
			last.red = one;
			last.infrared = other;
		}
		take!(last.red, last.infrared);
	};
	const choose = (): void => {
		if (held.length === 0) throw new Error(`${file}: no rows`);
		try {
			columns = findColumns(
				held.map(({ record }) => record),
				wanted,
			);
		} catch (error) {
			throw new Fault('range', `${file}: ${(error as Error).message}`);
		}
		if (columns.hasHeader) held.shift();
		if (held.length === 0) throw new Error(`${file}: no rows under its header`);
		take = start(columns);
		for (const { record, line } of held) give(record, line);
		held.length = 0;
	};
	const rows = new Transform({
		objectMode: true,
		transform({ record, info }: { record: string[]; info: Info }, _, done) {
			try {
				if (columns) give(record, info.lines);
				else if (held.push({ record, line: info.lines }) === LOOKED_AT) choose();
				done();
			} catch (error) {
				done(error as Error);
			}
		},
		flush(done) {
			try {
				if (!columns) choose();
				done();
			} catch (error) {
				done(error as Error);
			}
		},
	});
	rows.resume();
	const source: Readable = file === '-' ? process.stdin : createReadStream(file);
	const parser = parse({
		bom: true,
		comment: '#',
		comment_no_infix: true,
		info: true,
		max_record_size: 65_536,
		relax_column_count: true,
		skip_empty_lines: true,
		trim: true,
	});
	try {
		if (file.endsWith('.gz')) await pipeline(source, createGunzip(), parser, rows);
		else await pipeline(source, parser, rows);
	} catch (error) {
		const { message, code } = error as NodeJS.ErrnoException;
		if (code === 'ENOENT') throw new Error(`${file}: there is no such file`);
		throw message.startsWith(`${file}: `) ? error : new Error(`${file}: ${message}`);
	}
	if (isEmpty) throw new Error(`${file}: no row has a number in each channel`);
	return holes;
}
