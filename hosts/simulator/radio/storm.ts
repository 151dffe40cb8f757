import { BoardClock } from '../board/clocks';
import { seededRandom32 } from '../random';
import { VirtualTime } from '../time';
import { Air } from './air';
import { NetworkServer } from './network';
import { eu868 } from './regions';
import { VirtualRadio } from './virtual-radio';

export interface StormOptions {
	readonly devices: number;
	/** How long there is no network. */
	readonly hoursAway: number;
	readonly seed: number;
}

/** Airtime in milliseconds of join requests, at most of a device. */
export interface StormCounts {
	readonly firstHour: number;
	/** Of the ten hours behind it. */
	readonly nextTen: number;
	/** Requests of all devices. */
	readonly busiestMinute: number;
	readonly lastHourMean: number;
	/** Since the network is back: until half of them, and the last, had joined. */
	readonly halfMinutes: number;
	readonly lastMinutes: number;
	readonly missing: number;
	readonly after: number;
}

const HOUR = 3_600_000;
const MINUTE = 60_000;
/** How long they are waited for. */
const PATIENCE = 48 * HOUR;

/** Devices of one gateway that all begin to join at once, and find nobody for hours (LoRaWAN 1.0.3, section 7). */
export function joinStorm({ devices, hoursAway, seed }: StormOptions): StormCounts {
	const time = new VirtualTime();
	const random32 = seededRandom32(seed);
	const air = new Air({ scheduler: time, random32, distance: 1 });
	air.isOn = false;
	const network = new NetworkServer({ air, region: eu868, random32, epoch: 0, onUplink: () => {} });
	const requests: { readonly device: string; readonly at: number; readonly took: number }[] = [];
	air.onUplink = ({ bytes }, took) => void requests.push({ device: bytes.toString('hex', 9, 17), at: time.now, took });
	const joinedAt: number[] = [];
	const appKey = Buffer.alloc(16, 7);
	for (let at = 0; at < devices; at++) {
		const devEui = Buffer.alloc(8);
		devEui.writeUInt32BE(at, 4);
		network.register(devEui.toString('hex'), appKey);
		const clock = new BoardClock(time, { epoch: 0 });
		const radio = new VirtualRadio({
			air,
			region: eu868,
			clock,
			random32,
			devEui,
			joinEui: Buffer.alloc(8),
			appKey,
		});
		radio.onJoined = () => joinedAt.push(time.now);
		radio.open(new Uint8Array(16));
	}
	const back = hoursAway * HOUR;
	time.advance(back);
	air.isOn = true;
	const before = requests.length;
	time.advanceUntil(() => joinedAt.length === devices, PATIENCE, MINUTE);
	const most = (from: number, to: number): number => {
		const sums = new Map<string, number>();
		for (const { device, at, took } of requests)
			if (at >= from && at < to) sums.set(device, (sums.get(device) ?? 0) + took);
		return Math.max(0, ...sums.values());
	};
	const minutes = new Map<number, number>();
	for (const { at } of requests.slice(0, before))
		minutes.set(Math.floor(at / MINUTE), (minutes.get(Math.floor(at / MINUTE)) ?? 0) + 1);
	const inLastHour = requests.slice(0, before).filter(({ at }) => at >= back - HOUR).length;
	const minutesOf = (moment: number | undefined): number => ((moment ?? time.now) - back) / MINUTE;
	return {
		firstHour: most(0, HOUR),
		nextTen: most(HOUR, Math.min(11 * HOUR, back)),
		busiestMinute: Math.max(...minutes.values()),
		lastHourMean: inLastHour / 60,
		halfMinutes: minutesOf(joinedAt[Math.floor(devices / 2) - 1]),
		lastMinutes: minutesOf(joinedAt.at(-1)),
		missing: devices - joinedAt.length,
		after: requests.length - before,
	};
}
