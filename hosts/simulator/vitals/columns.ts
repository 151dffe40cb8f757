import { Fault } from '../../../modules/fault';

/** Where in a row the channels are, counted from 0. */
export interface Columns {
	/** Red, or the one channel there is. */
	readonly red: number;
	/** Undefined when there is one channel. */
	readonly infrared: number | undefined;
	/** Names of both as an error should call them. */
	readonly names: readonly [red: string, infrared: string];
	readonly hasHeader: boolean;
}

/** As `--red` and `--infrared` say: names, or numbers from 1. */
export interface Wanted {
	readonly red?: string | undefined;
	readonly infrared?: string | undefined;
}

const RED = /^(r|red|.*[^a-z](r|red)|red[^a-z].*)$/i;
const INFRARED = /^(ir|infra-?red|.*[^a-z](ir|infra-?red)|(ir|infra-?red)[^a-z].*)$/i;
/** What a file with one channel calls it. */
const ONE = /^(ppg|pulse|pleth|signal|value|intensity|brightness|light)([^a-z].*)?$/i;

/** What programs write where a sample is missing. */
export const HOLE = /^(|[+-]?nan|n\/?a|null|none)$/i;

const isName = (cell: string): boolean => !HOLE.test(cell.trim()) && !Number.isFinite(Number(cell));

/**
 * Finds the channels by what is wanted, else by the header, else by what the first rows look like: a column that only
 * rises by even steps is time.
 * @param first the first rows of the file, the header among them if there is one; at least one
 * @throws Fault `range` that names the column that is not there, or those that are when none is known
 */
export function findColumns(first: readonly (readonly string[])[], wanted: Wanted = {}): Columns {
	const top = first[0]!;
	const hasHeader = top.some(isName);
	const header = hasHeader ? top.map((cell) => cell.trim()) : undefined;
	const place = (option: string, asked: string): number => {
		if (/^\d+$/.test(asked) && !header?.includes(asked)) {
			const number = Number(asked);
			if (number >= 1 && number <= top.length) return number - 1;
			throw new Fault('range', `${option} ${asked}: the file has columns 1 to ${top.length}`);
		}
		if (!header)
			throw new Fault('range', `${option} ${asked}: the file has no header line; give the column's number, from 1`);
		const exact = header.indexOf(asked);
		const at = exact >= 0 ? exact : header.findIndex((name) => name.toLowerCase() === asked.toLowerCase());
		if (at < 0) throw new Fault('range', `${option} ${asked}: no such column; there are ${header.join(', ')}`);
		return at;
	};
	const made = (red: number, infrared: number | undefined): Columns => {
		if (red === infrared) throw new Fault('range', `--red and --infrared: both are column ${red + 1}`);
		const name = (at: number): string => header?.[at] || `column ${at + 1}`;
		return { red, infrared, names: [name(red), infrared === undefined ? '' : name(infrared)], hasHeader };
	};
	const red = wanted.red === undefined ? undefined : place('--red', wanted.red);
	const infrared = wanted.infrared === undefined ? undefined : place('--infrared', wanted.infrared);
	if (red !== undefined) return made(red, infrared);
	if (infrared !== undefined && !header) return made(infrared, undefined);
	if (header) {
		const find = (names: RegExp, except?: number): number | undefined => {
			const at = header.findIndex((name, place) => place !== except && names.test(name));
			return at < 0 ? undefined : at;
		};
		const second = infrared ?? find(INFRARED);
		const named = find(RED, second) ?? (second === undefined ? find(ONE) : undefined);
		if (named !== undefined) return made(named, second);
		if (second !== undefined) return made(second, undefined);
		if (header.length === 1) return made(0, undefined);
		throw new Fault('range', `no column is known for a channel; name it with --red (there are ${header.join(', ')})`);
	}
	const channels = top
		.map((_, at) => at)
		.filter((at) => top.length === 1 || !isTime(first.map((row) => row[at] ?? '')));
	// A sensor gives two, red first; a camera three, red first, of which the others are no infrared.
	if (channels.length === 0)
		throw new Fault('range', 'no column but time; name the channel with --red and its number, from 1');
	return made(channels[0]!, channels.length === 2 ? channels[1] : undefined);
}

function isTime(cells: readonly string[]): boolean {
	const values = cells.map(Number);
	if (values.length < 3) return false;
	const steps = values.slice(1).map((value, at) => value - values[at]!);
	const mean = steps.reduce((sum, step) => sum + step, 0) / steps.length;
	return steps.every((step) => step > 0 && step < 3 * mean);
}
