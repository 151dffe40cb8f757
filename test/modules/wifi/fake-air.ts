import { VirtualTime } from '../../../hosts/simulator/time';
import type { Alarm, Clock } from '../../../modules/ports';
import type { AccessPoint, InterfaceOptions, Radio, Station } from '../../../modules/wifi/interface';

export interface FakePoint extends AccessPoint {
	password?: string;
	/** It gives no address. */
	mute?: boolean;
	/** It does not say its name. */
	hidden?: boolean;
}

/** The clock of a test. */
export function clockOf(time: VirtualTime): Clock {
	return {
		get ticks() {
			return time.now;
		},
		time: undefined,
		alarm(owner) {
			let event: { cancel(): void } | undefined;
			const alarm: Alarm = {
				set(delay) {
					event?.cancel();
					event = time.schedule(delay, () => owner.onAlarm(alarm));
				},
				clear: () => event?.cancel(),
			};
			return alarm;
		},
	};
}

/**
 * Access points, and one driver with the habits of ESP-IDF's and of the SDK's class over it: events come later and never from inside
 * a call; an address brings no event before IPv6 has one too; what `join` begins, the class knows nothing of.
 */
export class FakeAir {
	readonly time = new VirtualTime();
	readonly clock = clockOf(this.time);
	points: FakePoint[] = [];
	readonly calls: string[] = [];
	/** The constructor throws. */
	broken = false;
	scanless = false;
	/** How long a scan takes, and how long until the driver tells that it left. */
	scanTime = 2_000;
	leaveTime = 20;
	on = false;
	#reason = 0;
	#attempt = 0;
	#point: FakePoint | undefined;
	#address: string | undefined;
	#stations: FakeStation[] = [];

	readonly radio: Radio = {
		start: () => {
			this.on = true;
		},
		stop: () => {
			this.calls.push('off');
			this.on = false;
			this.#leave();
		},
		clear: () => {
			this.#reason = 0;
		},
		reason: () => this.#reason,
		join: (SSID, password, channel, BSSID) => {
			this.calls.push(`join ${SSID} ${channel} ${BSSID}`);
			this.#reason = 0;
			this.begin(
				300,
				() => this.points.find((at) => at.BSSID === BSSID && at.channel === channel && at.SSID === SSID),
				password,
			);
			return 0;
		},
	};

	/** The SDK's class, as the link is handed it. */
	get io(): new (
		options: InterfaceOptions,
	) => Station {
		const air = this;
		return class extends FakeStation {
			constructor(options: InterfaceOptions) {
				if (air.broken) throw new Error('no memory');
				super(air, options);
				air.on = true;
				air.#stations.push(this);
			}
		};
	}

	get point(): FakePoint | undefined {
		return this.#point;
	}

	get address(): string | undefined {
		return this.#address;
	}

	set address(address: string | undefined) {
		this.#address = address;
	}

	/** One attempt of the driver; one that was under way is forgotten. */
	begin(search: number, find: () => FakePoint | undefined, password: string): void {
		const attempt = ++this.#attempt;
		const later = (delay: number, run: () => void): void => {
			this.time.schedule(delay, () => {
				if (attempt === this.#attempt && this.on) run();
			});
		};
		later(search, () => {
			const point = find();
			if (!point) this.drop(201);
			else if ((point.password ?? '') !== password) later(2_000, () => this.drop(15));
			else {
				this.#point = point;
				this.#address = undefined;
				this.#tell('associated');
				if (point.mute) return;
				later(250, () => {
					this.#address = '192.168.1.7';
				});
				later(1_250, () => this.#tell('addressed'));
			}
		});
	}

	/** The connection or the attempt ends. */
	drop(reason: number): void {
		this.#attempt++;
		this.#point = undefined;
		this.#address = undefined;
		this.#reason = reason;
		this.#tell('ended');
	}

	/** `disconnect`: the event follows, and may come into the next attempt. */
	leave(): void {
		this.#leave();
	}

	/** The access point is gone; the driver notices later. */
	remove(BSSID: string): void {
		this.points = this.points.filter((point) => point.BSSID !== BSSID);
		if (this.#point?.BSSID === BSSID) this.time.schedule(500, () => this.#point?.BSSID === BSSID && this.drop(200));
	}

	forget(station: FakeStation): void {
		this.#stations = this.#stations.filter((each) => each !== station);
	}

	#leave(): void {
		this.#attempt++;
		const was = this.#point;
		this.#point = undefined;
		this.#address = undefined;
		if (was)
			this.time.schedule(this.leaveTime, () => {
				this.#reason = 8;
				this.#tell('ended');
			});
	}

	#tell(event: 'associated' | 'addressed' | 'ended'): void {
		for (const station of [...this.#stations]) this.time.schedule(0, () => station.deliver(event));
	}
}

class FakeStation implements Station {
	readonly #air: FakeAir;
	readonly #options: InterfaceOptions;
	#connecting = false;
	#connected = false;
	#addressed = false;
	#closed = false;
	#scanning = false;

	constructor(air: FakeAir, options: InterfaceOptions) {
		this.#air = air;
		this.#options = options;
	}

	get connection(): number {
		this.#check();
		return this.#connected ? (this.#addressed ? 500 : 400) : this.#connecting ? 300 : 200;
	}

	get address(): string | undefined {
		this.#check();
		return this.#air.address ?? (this.#connected ? 'fe80::1' : undefined);
	}

	get SSID(): string | undefined {
		return this.#air.point?.SSID;
	}

	get BSSID(): string | undefined {
		return this.#air.point?.BSSID;
	}

	get channel(): number | undefined {
		return this.#air.point?.channel;
	}

	get RSSI(): number | undefined {
		return this.#air.point?.RSSI;
	}

	configure(): void {
		this.#check();
	}

	scan({ onFound, onComplete }: Parameters<Station['scan']>[0]): void {
		this.#check();
		if (this.#scanning) throw new Error('already scanning');
		this.#air.calls.push('scan');
		this.#scanning = true;
		if (this.#air.scanless) return;
		const heard = [...this.#air.points];
		this.#air.time.schedule(this.#air.scanTime, () => {
			if (this.#closed) return;
			this.#scanning = false;
			for (const point of heard) onFound(point.hidden ? { ...point, SSID: '' } : { ...point });
			onComplete();
		});
	}

	connect({ SSID, password = '', channel }: Parameters<Station['connect']>[0]): void {
		this.#check();
		if (this.#connecting) throw new Error('already connecting');
		if (!this.#air.on) throw new Error('connect failed');
		this.#air.calls.push(`connect ${SSID}${channel === undefined ? '' : ` ${channel}`}`);
		this.#connecting = true;
		const strongest = () =>
			this.#air.points.filter((point) => point.SSID === SSID).sort((one, other) => other.RSSI - one.RSSI)[0];
		this.#air.begin(channel === undefined ? 2_500 : 400, strongest, password);
	}

	disconnect(): void {
		this.#check();
		this.#connecting = this.#connected = this.#addressed = false;
		this.#air.leave();
	}

	close(): void {
		this.#closed = true;
		this.#air.forget(this);
	}

	deliver(event: 'associated' | 'addressed' | 'ended'): void {
		if (this.#closed) return;
		const before = this.connection;
		this.#connecting = false;
		this.#connected = event !== 'ended';
		this.#addressed = event === 'addressed';
		if (this.connection !== before) this.#options.onChanged('connection');
		if (event === 'addressed' && !this.#closed) this.#options.onChanged('address');
	}

	#check(): void {
		if (this.#closed) throw new Error('closed');
	}
}
