import { Fault } from '../fault';
import type { KeyValue } from '../ports';
import type { AccessPoint } from './interface';

/** Where a network was found last: enough to join it without a search. */
export type Place = Pick<AccessPoint, 'SSID' | 'BSSID' | 'channel'>;

const KEY = 'wifi.last';

/** "channel BSSID SSID": the name comes last, as it may hold anything. */
export class Remembered {
	readonly #store: Pick<KeyValue, 'read' | 'write'> | undefined;
	#text: string | undefined;

	constructor(store: Pick<KeyValue, 'read' | 'write'> | undefined) {
		this.#store = store;
		try {
			this.#text = store?.read(KEY);
		} catch {
			// A store that cannot be read costs a search, and no more.
		}
	}

	/** Undefined when nothing is remembered, or nothing that makes sense. */
	get place(): Place | undefined {
		const [channel = '', BSSID = '', ...name] = (this.#text ?? '').split(' ');
		const SSID = name.join(' ');
		if (!isChannel(Number(channel)) || !isAddress(BSSID) || SSID === '') return undefined;
		return { SSID, BSSID, channel: Number(channel) };
	}

	/** Written only when it changed: a store is flash. Returns why it could not be, if so. */
	keep({ SSID, BSSID, channel }: Place): Fault | undefined {
		const text = `${channel} ${BSSID} ${SSID}`;
		if (text === this.#text || !isChannel(channel) || !isAddress(BSSID)) return undefined;
		this.#text = text;
		try {
			this.#store?.write(KEY, text);
			return undefined;
		} catch (thrown) {
			return Fault.from(thrown, 'flash');
		}
	}

	/** Not tried again in this waking; the store keeps it, as tomorrow the access point may be back. */
	forget(): void {
		this.#text = undefined;
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
