import type { Keepsake } from '../ports';
import { decode, encode } from '../text/utf8';
import type { AccessPoint } from './interface';

/** Where a network was found last: enough to join it without a search. */
export type Place = Pick<AccessPoint, 'SSID' | 'BSSID' | 'channel'>;

/** "channel BSSID SSID" in UTF-8: the name comes last, as it may hold anything. */
export class Remembered implements Keepsake {
	readonly name = 'wifi';
	#text: string | undefined;

	/** Undefined when nothing is remembered, or nothing that makes sense. */
	get place(): Place | undefined {
		const [channel = '', BSSID = '', ...name] = (this.#text ?? '').split(' ');
		const SSID = name.join(' ');
		if (!isChannel(Number(channel)) || !isAddress(BSSID) || SSID === '') return undefined;
		return { SSID, BSSID, channel: Number(channel) };
	}

	/** Undefined: not to be tried again. */
	set place(place: Place | undefined) {
		this.#text = place && `${place.channel} ${place.BSSID} ${place.SSID}`;
	}

	recall(bytes: Uint8Array): void {
		try {
			this.#text = decode(bytes);
		} catch {
			// It costs a search, and no more.
		}
	}

	keep(): Uint8Array | undefined {
		return this.#text === undefined ? undefined : new Uint8Array(encode(this.#text));
	}
}

/** What the SDK's `connect` takes. */
export function isChannel(channel: number): boolean {
	return Number.isInteger(channel) && channel >= 1 && channel <= 13;
}

/** "aa:bb:cc:dd:ee:ff". No pattern: what is preloaded must not hold one (see modules/text). */
function isAddress(text: string): boolean {
	const bytes = text.split(':');
	return bytes.length === 6 && bytes.every((byte) => byte.length === 2 && isHex(byte[0]!) && isHex(byte[1]!));
}

function isHex(digit: string): boolean {
	return (digit >= '0' && digit <= '9') || (digit >= 'a' && digit <= 'f');
}
