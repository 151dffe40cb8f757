import { Fault } from '../../modules/fault';
import { JsonObject, type JsonValue, parseJson } from '../../modules/text/json';
import { decode } from '../../modules/text/utf8';
import { type Command, catalogue } from './catalogue';

/** As the routes have it. */
const BYTES_MAX = 2_048;
/** A message, its arguments, a quantity of set_thresholds; and what later servers may add. */
export const BOUNDS = Object.freeze({ depth: 5, values: 96 });
const ID_MAX = 64;

/**
 * @throws Fault 'range' when it is too long; 'malformed' when it is no JSON object, or nested too deep
 */
export function read(body: ArrayBuffer): JsonObject {
	if (body.byteLength > BYTES_MAX) throw new Fault('range', `${body.byteLength} bytes, at most ${BYTES_MAX}`);
	const message = parseJson(decode(body), BOUNDS);
	if (!(message instanceof JsonObject)) throw new Fault('malformed', 'not an object');
	return message;
}

/**
 * Letters, digits and a few signs: it goes into messages, logs and the names that routes give a receipt.
 * @throws Fault 'malformed'
 */
export function idOf(message: JsonObject): string {
	const id = message.get('command_id');
	if (typeof id !== 'string' || id.length < 1 || id.length > ID_MAX)
		throw new Fault('malformed', `command_id: 1 to ${ID_MAX} characters`);
	for (let at = 0; at < id.length; at++) {
		const code = id.charCodeAt(at);
		const isLetter = (code | 0x20) >= 0x61 && (code | 0x20) <= 0x7a;
		// Digits and ":"; "-" and "."; "_".
		if (!isLetter && !(code >= 0x30 && code <= 0x3a) && code !== 0x2d && code !== 0x2e && code !== 0x5f)
			throw new Fault('malformed', 'command_id: letters, digits, "-", "_", "." and ":"');
	}
	return id;
}

/** @throws Fault 'range' that names the commands there are */
export function commandOf(message: JsonObject): Command {
	const name = message.get('command');
	const command = catalogue.find((each) => each.name === name);
	if (!command) throw new Fault('range', `command: there are ${catalogue.map((each) => each.name).join(', ')}`);
	return command;
}

/**
 * Epoch milliseconds; undefined where it never expires.
 * @throws Fault 'range' when it is no moment, or over
 */
export function expiryOf(message: JsonObject, now: number | undefined): number | undefined {
	const expires: JsonValue | undefined = message.get('expires');
	if (expires === undefined || expires === null) return undefined;
	if (typeof expires !== 'number' || !Number.isSafeInteger(expires) || expires < 0)
		throw new Fault('range', 'expires: not epoch milliseconds');
	if (now !== undefined) checkExpiry(expires, now);
	return expires;
}

/** @throws Fault 'range' when it is over */
export function checkExpiry(expires: number, now: number): void {
	if (expires <= now) throw new Fault('range', `expires: ${Math.ceil((now - expires) / 1000)} s too late`);
}
