import { Fault } from '../fault';

/** What a network knows a device by, as it prints it: 16, 16 and 32 hexadecimal digits. */
export interface Identity {
	readonly joinEui: string;
	readonly devEui: string;
	readonly appKey: string;
}

/**
 * JoinEUI, DevEUI and AppKey as bytes, the first one first.
 * @throws Fault 'malformed' that names which is not good, and never says it
 */
export function keysOf({ joinEui, devEui, appKey }: Identity): readonly Uint8Array[] {
	return Object.freeze([
		hexadecimal('joinEui', joinEui, 8),
		hexadecimal('devEui', devEui, 8),
		hexadecimal('appKey', appKey, 16),
	]);
}

function hexadecimal(name: string, text: string, length: number): Uint8Array {
	const bytes = new Uint8Array(length);
	const isGood = text.length === 2 * length && /^[0-9A-Fa-f]*$/.test(text);
	if (!isGood) throw new Fault('malformed', `lorawan: ${name} is not ${2 * length} hexadecimal digits`);
	for (let at = 0; at < length; at++) bytes[at] = Number.parseInt(text.slice(2 * at, 2 * at + 2), 16);
	return bytes;
}
