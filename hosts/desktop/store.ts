import { Fault } from '../../modules/fault';
import type { KeyValue } from '../../modules/ports';
import { byteLength, encode } from '../../modules/text/utf8';
import { readText, replaceFile } from './os';

/** NVS holds keys of at most 15 characters and strings of at most 4,000 bytes with their end; what the board refuses is refused here. */
const LONGEST_KEY = 15;
const LONGEST_VALUE = 3_999;

/** Settings that survive: one JSON file, replaced whole. */
export class FileStore implements KeyValue {
	readonly #path: string;
	readonly #values: Map<string, string>;

	/** Throws a Fault 'malformed' when the file is there and is not what a store wrote. */
	constructor(path: string) {
		this.#path = path;
		this.#values = load(path);
	}

	read(key: string): string | undefined {
		return this.#values.get(key);
	}

	write(key: string, value: string): void {
		if (key.length === 0 || key.length > LONGEST_KEY)
			throw new Fault('range', `key "${key}": 1 to ${LONGEST_KEY} characters`);
		if (byteLength(value) > LONGEST_VALUE) throw new Fault('range', `${key}: longer than ${LONGEST_VALUE} bytes`);
		this.#values.set(key, value);
		this.#save();
	}

	delete(key: string): void {
		if (this.#values.delete(key)) this.#save();
	}

	#save(): void {
		replaceFile(this.#path, encode(JSON.stringify(Object.fromEntries(this.#values))));
	}
}

function load(path: string): Map<string, string> {
	try {
		const text = readText(path);
		return new Map(Object.entries(JSON.parse(text ?? '{}') as Record<string, string>));
	} catch {
		throw new Fault('malformed', `${path}: not what a store wrote`);
	}
}
