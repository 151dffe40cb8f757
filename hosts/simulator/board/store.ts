import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { Fault } from '../../../modules/fault';
import type { KeyValue } from '../../../modules/ports';

/** NVS holds keys of at most 15 characters and strings of at most 4,000 bytes; the twin refuses what the board would. */
const LONGEST_KEY = 15;
const LONGEST_VALUE = 4_000;

/** The board's key-value store: in memory, or in a file that is replaced whole, as NVS replaces an entry. */
export class VirtualStore implements KeyValue {
	readonly #values: Map<string, string>;
	readonly #file: string | undefined;
	/** Entries written and deleted: each costs flash on the board. */
	writes = 0;

	/** @throws Error when the file exists and is not what a store wrote */
	constructor(file?: string) {
		this.#file = file;
		this.#values = new Map(file === undefined ? [] : load(file));
	}

	read(key: string): string | undefined {
		return this.#values.get(key);
	}

	write(key: string, value: string): void {
		if (key.length === 0 || key.length > LONGEST_KEY)
			throw new Fault('range', `key "${key}": 1 to ${LONGEST_KEY} characters`);
		if (Buffer.byteLength(value) >= LONGEST_VALUE)
			throw new Fault('range', `${key}: longer than ${LONGEST_VALUE} bytes`);
		this.#values.set(key, value);
		this.#save();
	}

	delete(key: string): void {
		if (this.#values.delete(key)) this.#save();
	}

	#save(): void {
		this.writes++;
		if (this.#file === undefined) return;
		const fresh = `${this.#file}.new`;
		writeFileSync(fresh, JSON.stringify(Object.fromEntries(this.#values), undefined, '\t'), { mode: 0o600 });
		renameSync(fresh, this.#file);
	}
}

function load(file: string): [string, string][] {
	let text: string;
	try {
		text = readFileSync(file, 'utf8');
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
		throw error;
	}
	return Object.entries(JSON.parse(text) as Record<string, string>);
}
