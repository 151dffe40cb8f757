import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { createContext, runInContext } from 'node:vm';

export interface Coded {
	readonly data?: Record<string, unknown>;
	readonly fPort?: number;
	readonly bytes?: number[];
	readonly errors?: string[];
}

/** codec.js as a network server runs it: in a bare context, where there is nothing but the language. */
export interface Codec {
	decodeUplink(input: { bytes: ArrayLike<number>; fPort: number }): Coded;
	encodeDownlink(input: { data: unknown }): Coded;
	decodeDownlink(input: { bytes: ArrayLike<number>; fPort: number }): Coded;
	commandReference(id: string): string;
}

export const codecFile = resolve(import.meta.dirname, '../../modules/lora/codec.js');

export function loadCodec(): Codec {
	const context = createContext(Object.create(null));
	runInContext(readFileSync(codecFile, 'utf8'), context);
	return context as Codec;
}
