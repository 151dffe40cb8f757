/**
 * Wi-Fi as a Link: the access point of last time first, then a scan, then each network of the settings in turn.
 *
 *   CLOSED ── open() ──> RESTING ── at once ──> FAST ── it failed, or 4 s ──────> SCANNING
 *                          │  ^      RESTING ── nothing is remembered ──────────> SCANNING
 *                          │  │                SCANNING ── heard all, or 8 s ───> JOINING
 *                          │  │                JOINING ── it failed, or 15 s ───> JOINING, the next network
 *                          │  └── back-off ──── JOINING ── no network is left
 *   FAST, JOINING ── an IPv4 address ──> UP ── lost ──> RESTING ── jitter ──> FAST
 *   any ── close() ──> CLOSED (silent, the radio off)
 *
 * `onChanged` comes out of alarms and of the interface's events, never out of a public call. While it joins, it looks every
 * 50 ms: the SDK tells of an address only when IPv6 has one too, and of a failed attempt of `Radio.join` not at all.
 */
import { Fault } from '../fault';
import type { Alarm, Clock, Keepsake, Link, Log, Random32 } from '../ports';
import type { Radio, Station, StationClass } from './interface';
import { type Candidate, checkNetworks, type Network, Survey } from './networks';
import { reasonOf } from './reasons';
import { Remembered } from './remembered';

const State = Object.freeze({ CLOSED: 0, RESTING: 1, FAST: 2, SCANNING: 3, JOINING: 4, UP: 5 } as const);
type State = (typeof State)[keyof typeof State];

const PUBLIC: readonly Link['state'][] = Object.freeze(['down', 'joining', 'joining', 'joining', 'joining', 'up']);

/** Milliseconds. The driver needs SETTLE after a disconnect, until its events have come through. */
const LOOK = 50;
const WATCH = 5_000;
const SETTLE = 100;
const FAST_TIMEOUT = 4_000;
const SCAN_TIMEOUT = 8_000;
const JOIN_TIMEOUT = 15_000;

/** wifi_err_reason_t: we left. */
const LEFT = 8;

export interface WifiLinkOptions {
	/** The SDK's `embedded:network/interface/wifi`. */
	readonly io: StationClass;
	/** What it lacks. Without: no fast join, no reasons, and the radio stays on. */
	readonly radio?: Radio;
	/** In the order in which they are tried. */
	readonly networks: readonly Network[];
	readonly clock: Clock;
	readonly random32: Random32;
	readonly log: Log;
	/** What the router shows. */
	readonly hostname?: string;
	/** Milliseconds between two rounds through the networks: full jitter below a bound that doubles. */
	readonly backoff?: { readonly minimum: number; readonly maximum: number };
}

export class WifiLink implements Link {
	onChanged: (() => void) | undefined;
	readonly #options: WifiLinkOptions;
	readonly #minimum: number;
	readonly #maximum: number;
	readonly #remembered = new Remembered();
	readonly #next: Alarm;
	readonly #look: Alarm;
	#state: State = State.CLOSED;
	#station: Station | undefined;
	#candidates: Candidate[] = [];
	/** What the attempt under way is about. */
	#name = '';
	/** The attempt was seen under way; from then on, "not connected" means that it failed. */
	#begun = false;
	#rounds = 0;
	#failure: string | undefined;
	/** Which scan is under way: the results of an earlier one, that was given up, are dropped. */
	#scan = 0;
	#told: Link['state'] = 'down';

	/** @throws Fault 'range' for a network that cannot be, or a back-off that is none */
	constructor(options: WifiLinkOptions) {
		const { minimum = 1_000, maximum = 300_000 } = options.backoff ?? {};
		checkNetworks(options.networks);
		if (!(minimum >= 1 && maximum >= minimum && maximum < 2 ** 31)) throw new Fault('range', 'the back-off is none');
		this.#options = options;
		this.#minimum = minimum;
		this.#maximum = maximum;
		this.#next = options.clock.alarm(this);
		this.#look = options.clock.alarm(this);
	}

	get state(): Link['state'] {
		return PUBLIC[this.#state]!;
	}

	get rssiDbm(): number | undefined {
		return this.#state === State.UP ? this.#station?.RSSI : undefined;
	}

	/** Where it was last, for a fast join after deep sleep. */
	get keepsake(): Keepsake {
		return this.#remembered;
	}

	/** Why the last attempt failed, in words; undefined while none did. */
	get failure(): string | undefined {
		return this.#failure;
	}

	open(): void {
		if (this.#state !== State.CLOSED) return;
		if (this.#options.networks.length === 0) {
			this.#options.log('error', 'wifi', 'no network is set: readings stay in the journal');
			return;
		}
		this.#rounds = 0;
		this.#become(State.RESTING);
		this.#next.set(0);
	}

	close(): void {
		if (this.#state === State.CLOSED) return;
		this.#become(State.CLOSED);
		this.#scan++;
		this.#next.clear();
		this.#look.clear();
		this.#candidates = [];
		const station = this.#station;
		this.#station = undefined;
		if (!station) return;
		this.#quietly(() => station.disconnect());
		this.#quietly(() => station.close());
		this.#quietly(() => this.#options.radio?.stop());
	}

	onAlarm(alarm: Alarm): void {
		if (alarm === this.#next) this.#onNext();
		else this.#onLook();
	}

	#onNext(): void {
		if (this.#state === State.RESTING) this.#start();
		else if (this.#state === State.FAST) this.#failed('no connection in time');
		else if (this.#state === State.SCANNING) this.#scanned('the scan did not end');
		else if (this.#state === State.JOINING) {
			if (this.#name === '') this.#join();
			else this.#failed(this.#station?.connection === 400 ? 'no address in time (DHCP)' : 'no connection in time');
		}
	}

	/** The first attempt of a round; tells that the link is joining. */
	#start(): void {
		if (!this.#station && !this.#make()) return;
		const place = this.#remembered.place;
		const network = place && this.#options.networks.find(({ SSID }) => SSID === place.SSID);
		const { radio } = this.#options;
		if (!radio || !network) this.#listen();
		else {
			this.#become(State.FAST);
			this.#begin(network.SSID, FAST_TIMEOUT);
			const { BSSID, channel } = place;
			const result = radio.join(network.SSID, network.password ?? '', channel, BSSID);
			if (result !== 0) this.#failed(`error ${result}`);
		}
		this.#tell();
	}

	#make(): boolean {
		const { io, radio, hostname } = this.#options;
		try {
			// In this order: the SDK's constructor makes what the radio's driver stands on.
			this.#station = new io({ onChanged: () => this.#onLook() });
			radio?.start();
			if (hostname !== undefined) this.#station.configure({ hostname });
			return true;
		} catch (thrown) {
			this.#give(`the interface does not start: ${Fault.from(thrown, 'connect').message}`);
			return false;
		}
	}

	#listen(): void {
		this.#become(State.SCANNING);
		const survey = new Survey(this.#options.networks);
		const scan = ++this.#scan;
		this.#next.set(SCAN_TIMEOUT);
		try {
			this.#station!.scan({
				onFound: (found) => {
					if (scan === this.#scan) survey.found(found);
				},
				onComplete: () => {
					if (scan !== this.#scan || this.#state !== State.SCANNING) return;
					this.#candidates = survey.candidates();
					this.#queue(0);
				},
			});
		} catch (thrown) {
			this.#scanned(`no scan: ${Fault.from(thrown, 'connect').message}`);
		}
	}

	/** There is no result: every network is tried, wherever it is. */
	#scanned(why: string): void {
		this.#options.log('warning', 'wifi', why);
		this.#scan++;
		this.#candidates = new Survey(this.#options.networks).candidates();
		this.#queue(0);
	}

	#queue(delay: number): void {
		this.#become(State.JOINING);
		this.#name = '';
		this.#look.clear();
		this.#next.set(delay);
	}

	#join(): void {
		const candidate = this.#candidates.shift();
		if (candidate) this.#connect(candidate);
		else this.#give(this.#failure ?? 'no network');
	}

	#connect(candidate: Candidate): void {
		const { network, channel } = candidate;
		this.#begin(network.SSID, JOIN_TIMEOUT);
		try {
			this.#station!.connect({
				SSID: network.SSID,
				...(network.password ? { password: network.password } : {}),
				...(channel === undefined ? {} : { channel }),
			});
			this.#begun = this.#station!.connection > 200;
		} catch (thrown) {
			this.#failed(Fault.from(thrown, 'connect').message);
		}
	}

	#begin(name: string, timeout: number): void {
		this.#name = name;
		this.#begun = false;
		this.#options.radio?.clear();
		this.#next.set(timeout);
		this.#look.set(LOOK);
	}

	#onLook(): void {
		const station = this.#station;
		if (!station || this.#state === State.CLOSED) return;
		const { connection } = station;
		if (this.#state === State.UP) {
			// A lease that ran out is no event: it is only seen.
			if (connection < 400 || !station.address?.includes('.')) this.#lost();
			else this.#look.set(WATCH);
			return;
		}
		if ((this.#state !== State.FAST && this.#state !== State.JOINING) || this.#name === '') return;
		const { radio } = this.#options;
		const reason = radio?.reason() ?? 0;
		if (connection > 200) this.#begun = true;
		if (connection >= 400 && station.address?.includes('.')) this.#joined(station);
		else if (reason !== 0 && reason !== LEFT) this.#failed(reasonOf(reason));
		// The end of the connection before may come late, and looks like the end of this one: where reasons are told, they decide.
		else if (!radio && this.#begun && connection <= 200) this.#failed('refused, or out of range');
		else this.#look.set(LOOK);
	}

	#joined(station: Station): void {
		this.#next.clear();
		this.#look.set(WATCH);
		this.#candidates = [];
		this.#rounds = 0;
		this.#failure = undefined;
		this.#become(State.UP);
		const { SSID, BSSID, channel } = station;
		const ours = this.#options.networks.some((network) => network.SSID === SSID);
		if (ours && SSID !== undefined && BSSID !== undefined && channel !== undefined)
			this.#remembered.place = { SSID, BSSID, channel };
		this.#tell();
	}

	/** One attempt failed: the next one, once the driver has settled. */
	#failed(why: string): void {
		const { log } = this.#options;
		const fast = this.#state === State.FAST;
		this.#failure = `${this.#name}: ${why}`;
		log('warning', 'wifi', `${this.#failure}${fast ? ' (where it was last time)' : ''}`);
		this.#quietly(() => this.#station?.disconnect());
		if (!fast) {
			this.#queue(SETTLE);
			return;
		}
		this.#remembered.place = undefined;
		this.#look.clear();
		// RESTING finds nothing remembered now, and scans.
		this.#become(State.RESTING);
		this.#next.set(SETTLE);
	}

	#lost(): void {
		const reason = this.#options.radio?.reason() ?? 0;
		this.#failure = reason === 0 ? 'lost' : `lost: ${reasonOf(reason)}`;
		this.#options.log('warning', 'wifi', this.#failure);
		this.#quietly(() => this.#station?.disconnect());
		this.#look.clear();
		this.#become(State.RESTING);
		// Many devices lose an access point at once; they do not all come back at once.
		this.#next.set(SETTLE + this.#jitter(this.#minimum));
		this.#tell();
	}

	/** The round is over. */
	#give(why: string): void {
		const bound = Math.min(this.#maximum, this.#minimum * 2 ** Math.min(this.#rounds++, 30));
		const delay = Math.max(SETTLE, this.#jitter(bound));
		this.#failure = why;
		this.#options.log('warning', 'wifi', `${why}; next try in ${Math.ceil(delay / 1000)} s`);
		this.#look.clear();
		this.#become(State.RESTING);
		this.#next.set(delay);
	}

	#jitter(bound: number): number {
		return Math.floor((this.#options.random32() / 2 ** 32) * (bound + 1));
	}

	/** Tells of `state`, when it differs from what was told last. */
	#tell(): void {
		if (this.state === this.#told) return;
		this.#told = this.state;
		this.onChanged?.();
	}

	#quietly(run: () => void): void {
		try {
			run();
		} catch (thrown) {
			this.#options.log('debug', 'wifi', Fault.from(thrown, 'connect').message);
		}
	}

	#become(state: State): void {
		this.#state = state;
		if (state === State.CLOSED) this.#told = 'down';
	}
}
