import { Fault } from '../fault';
import { encode } from '../text/utf8';
import type { AccessPoint } from './interface';
import { isChannel } from './remembered';

export interface Network {
	readonly SSID: string;
	/** Absent or empty: an open network. */
	readonly password?: string | undefined;
}

/** One attempt to be made: on a channel where a scan heard it, or wherever it is. */
export interface Candidate {
	readonly network: Network;
	readonly channel: number | undefined;
}

/** @throws Fault 'range' that names the network by its place, and never says its password */
export function checkNetworks(networks: readonly Network[]): void {
	networks.forEach(({ SSID, password = '' }, index) => {
		const length = encode(SSID).byteLength;
		if (length < 1 || length > 32) throw new Fault('range', `network ${index}: a name of ${length} bytes, not 1 to 32`);
		const size = encode(password).byteLength;
		if (size !== 0 && (size < 8 || size > 64))
			throw new Fault('range', `network ${index}: a password of ${size} bytes, not 8 to 63`);
		if (SSID.includes('\0') || password.includes('\0'))
			throw new Fault('range', `network ${index}: holds a NUL character`);
	});
}

/**
 * What a scan heard, of the networks that are ours. Keeps the strongest access point of each and nothing else: a city's worth
 * of others takes no memory.
 */
export class Survey {
	readonly #networks: readonly Network[];
	readonly #best: (AccessPoint | undefined)[];

	constructor(networks: readonly Network[]) {
		this.#networks = networks;
		this.#best = networks.map(() => undefined);
	}

	found(point: AccessPoint): void {
		this.#networks.forEach(({ SSID }, index) => {
			if (SSID === point.SSID && point.RSSI > (this.#best[index]?.RSSI ?? Number.NEGATIVE_INFINITY))
				this.#best[index] = point;
		});
	}

	/** In the order of the settings: those that were heard, then the others, which may hide their names. */
	candidates(): Candidate[] {
		const heard: Candidate[] = [];
		const others: Candidate[] = [];
		this.#networks.forEach((network, index) => {
			const point = this.#best[index];
			if (!point) others.push({ network, channel: undefined });
			else heard.push({ network, channel: isChannel(point.channel) ? point.channel : undefined });
		});
		return [...heard, ...others];
	}
}
