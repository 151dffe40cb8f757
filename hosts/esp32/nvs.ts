import { Fault } from '../../modules/fault';
import type { KeyValue } from '../../modules/ports';
import { encode } from '../../modules/text/utf8';

/** A domain of NVS as the SDK opens it (`embedded:storage/key-value`, format "string"). */
export interface Domain {
	/** Undefined when there is no such key. Throws when its value is no string. */
	read(key: string): unknown;
	write(key: string, value: string): void;
	delete(key: string): void;
}

/** NVS keys have 15 characters at most, strings 4,000 bytes with the NUL (docs.espressif.com, "NVS", Keys and Values). */
const KEY_LENGTH = 15;
const VALUE_BYTES = 3_999;

/** A domain of NVS as a KeyValue: bounds checked before the flash is touched, every failure a Fault. */
export class NvsStore implements KeyValue {
	readonly #domain: Domain;

	constructor(domain: Domain) {
		this.#domain = domain;
	}

	read(key: string): string | undefined {
		check(key);
		const value = attempt(() => this.#domain.read(key), key);
		return typeof value === 'string' ? value : undefined;
	}

	write(key: string, value: string): void {
		check(key);
		const length = encode(value).byteLength;
		if (length > VALUE_BYTES) throw new Fault('range', `${key}: ${length} bytes, NVS takes ${VALUE_BYTES}`);
		attempt(() => this.#domain.write(key, value), key);
	}

	delete(key: string): void {
		check(key);
		attempt(() => this.#domain.delete(key), key);
	}
}

function check(key: string): void {
	if (key.length < 1 || key.length > KEY_LENGTH)
		throw new Fault('range', `${key}: a key of 1 to ${KEY_LENGTH} characters`);
}

function attempt<T>(run: () => T, key: string): T {
	try {
		return run();
	} catch (thrown) {
		throw new Fault('flash', `NVS, ${key}: ${Fault.from(thrown, 'flash').message}`);
	}
}
