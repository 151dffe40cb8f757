import { readFileSync } from 'node:fs';
import { createContext, runInContext } from 'node:vm';
import type { Json } from '../json';

const file = new URL('../../../modules/lora/codec.js', import.meta.url);

/** TS013's three functions; what they return has `errors`, or what was asked for. */
export interface Codec {
	decodeUplink(input: { bytes: readonly number[]; fPort: number }): {
		readonly data?: { readonly [name: string]: Json };
		readonly errors?: readonly string[];
	};
	/** By which an uplink of port 4 calls a command. */
	commandReference(id: string): string;
	encodeDownlink(input: { data: object }): {
		readonly fPort?: number;
		readonly bytes?: readonly number[];
		readonly errors?: readonly string[];
	};
}

/** `modules/lora/codec.js`, the same file that is pasted into a network server, and run as there: in a context of its own. */
export function loadCodec(): Codec {
	const context = createContext({});
	runInContext(readFileSync(file, 'utf8'), context, { filename: 'codec.js' });
	return context as Codec;
}
