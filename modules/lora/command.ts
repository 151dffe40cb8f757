import { Fault } from '../fault';
import { encode } from '../text/utf8';

/** Bytes of a downlink, at most: what the slowest data rate of each region takes. */
const BYTES_MAX = 51;
/** By their number; see FORMAT.md. */
const COMMANDS = Object.freeze([
	undefined,
	'set_interval',
	'set_thresholds',
	'set_mode',
	'send_diagnostics',
	'read_now',
	'sleep',
	'restart',
	'flush',
	'clear_alerts',
]);
const MODES = Object.freeze(['always', 'sleep']);

const IS_UUID = 1;
const EXPIRES = 2;
const FLAGS = IS_UUID | EXPIRES;

const THRESHOLDS = Object.freeze(['low', 'high', 'hysteresis', 'ratePerMinute']);
const QUANTITIES = Object.freeze([
	Object.freeze({ name: 'temperature', scale: 100 }),
	Object.freeze({ name: 'humidity', scale: 100 }),
	Object.freeze({ name: 'heart_rate', scale: 1 }),
	Object.freeze({ name: 'spo2', scale: 10 }),
	Object.freeze({ name: 'battery_level', scale: 1 }),
]);

type Thresholds = Record<string, Record<string, number | null>>;

/**
 * A downlink of port 10 as the message that other routes bring whole: UTF-8 JSON for the desk, which knows what a device may
 * be told, and within which bounds.
 * @throws Fault 'malformed' when the bytes are no command
 */
export function commandMessage(payload: ArrayBuffer): ArrayBuffer {
	if (payload.byteLength > BYTES_MAX)
		throw new Fault('malformed', `downlink: ${payload.byteLength} bytes, at most ${BYTES_MAX}`);
	const bytes = new Reader(payload);
	const head = bytes.unsigned(1);
	const command = COMMANDS[head >> 4];
	if (command === undefined) throw new Fault('malformed', `downlink: command ${head >> 4} is not known`);
	if (head & 0xf & ~FLAGS) throw new Fault('malformed', 'downlink: reserved flags are set');
	const id = head & IS_UUID ? uuid(bytes) : text(bytes);
	const expires = head & EXPIRES ? 1000 * bytes.unsigned(4) : undefined;
	const given = argumentsOf(command, bytes);
	if (bytes.left > 0) throw new Fault('malformed', `downlink: ${bytes.left} bytes too many`);
	return encode(JSON.stringify({ command_id: id, command, arguments: given, expires }));
}

function argumentsOf(command: string, bytes: Reader): object {
	switch (command) {
		case 'set_interval':
		case 'sleep':
			return { seconds: bytes.unsigned(3) };
		case 'set_mode': {
			const mode = MODES[bytes.unsigned(1)];
			if (mode === undefined) throw new Fault('malformed', 'downlink: no such mode');
			return { mode };
		}
		case 'set_thresholds':
			return thresholds(bytes);
		default:
			return {};
	}
}

/** Of each quantity two bytes say which of its thresholds follow, then they follow. */
function thresholds(bytes: Reader): Thresholds {
	const all: Thresholds = {};
	do {
		const head = bytes.unsigned(2);
		const quantity = QUANTITIES[head >> 13];
		if (!quantity || head & 0x1f) throw new Fault('malformed', 'downlink: no such quantity');
		if (all[quantity.name]) throw new Fault('malformed', `downlink: ${quantity.name} comes twice`);
		const given: Record<string, number | null> = {};
		THRESHOLDS.forEach((name, at) => {
			const what = (head >> (11 - 2 * at)) & 3;
			if (what === 3) throw new Fault('malformed', `downlink: ${quantity.name}.${name} is neither there nor not`);
			if (what === 1) given[name] = null;
			else if (what === 2)
				given[name] = (name === 'ratePerMinute' ? bytes.unsigned(3) : bytes.signed()) / quantity.scale;
		});
		all[quantity.name] = given;
	} while (bytes.left > 0);
	return all;
}

function uuid(bytes: Reader): string {
	let hexadecimal = '';
	for (let at = 0; at < 16; at++) {
		if (at === 4 || at === 6 || at === 8 || at === 10) hexadecimal += '-';
		hexadecimal += bytes.unsigned(1).toString(16).padStart(2, '0');
	}
	return hexadecimal;
}

/** Any other name. What may stand in it, the desk says. */
function text(bytes: Reader): string {
	let result = '';
	for (let left = bytes.unsigned(1); left > 0; left--) result += String.fromCharCode(bytes.unsigned(1));
	return result;
}

class Reader {
	readonly #bytes: Uint8Array;
	#at = 0;

	constructor(payload: ArrayBuffer) {
		this.#bytes = new Uint8Array(payload);
	}

	get left(): number {
		return this.#bytes.byteLength - this.#at;
	}

	unsigned(width: number): number {
		if (this.left < width) throw new Fault('malformed', 'downlink: it ends too early');
		let value = 0;
		for (; width > 0; width--) value = value * 256 + this.#bytes[this.#at++]!;
		return value;
	}

	/** Of two bytes. */
	signed(): number {
		const value = this.unsigned(2);
		return value < 0x8000 ? value : value - 0x10000;
	}
}
