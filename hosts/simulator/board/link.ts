import type { Clock, Keepsake, Link } from '../../../modules/ports';
import { Remembered } from '../../../modules/wifi/remembered';

/** The one access point there is. */
const PLACE = Object.freeze({ SSID: 'clinic', BSSID: '02:00:00:00:00:01', channel: 6 });

export interface JoinTimes {
	/** Milliseconds from open() to up where nothing is remembered: a search, and all of DHCP. */
	readonly first: number;
	/** The same where it was last time. */
	readonly again: number;
}

/** The board's Wi-Fi as the firmware sees it: joins after a while, comes and goes as the world says. */
export class VirtualLink implements Link {
	onChanged: (() => void) | undefined;
	readonly #joined;
	readonly #times: JoinTimes;
	readonly #remembered = new Remembered();
	#reachable = true;
	#wanted = false;
	#state: Link['state'] = 'down';

	constructor(clock: Clock, times: JoinTimes) {
		this.#times = times;
		this.#joined = clock.alarm({ onAlarm: () => this.#become(this.#reachable ? 'up' : 'joining') });
	}

	get state(): Link['state'] {
		return this.#state;
	}

	get rssiDbm(): number | undefined {
		return this.#state === 'up' ? -58 : undefined;
	}

	/** Where it was last, as the board's Wi-Fi keeps it. */
	get keepsake(): Keepsake {
		return this.#remembered;
	}

	/** The access point comes into reach, or leaves it. */
	set reachable(reachable: boolean) {
		this.#reachable = reachable;
		if (!this.#wanted) return;
		if (reachable) this.#join();
		else {
			this.#joined.clear();
			this.#become('joining');
		}
	}

	open(): void {
		if (this.#wanted) return;
		this.#wanted = true;
		this.#state = 'joining';
		if (this.#reachable) this.#join();
	}

	close(): void {
		this.#wanted = false;
		this.#state = 'down';
		this.#joined.clear();
	}

	#join(): void {
		const { place } = this.#remembered;
		const isKnown = place?.BSSID === PLACE.BSSID && place.channel === PLACE.channel && place.SSID === PLACE.SSID;
		this.#joined.set(isKnown ? this.#times.again : this.#times.first);
	}

	#become(state: Link['state']): void {
		if (this.#state === state) return;
		this.#state = state;
		if (state === 'up') this.#remembered.place = PLACE;
		this.onChanged?.();
	}
}
