/** A device's radio and its keeper, a network server, and the air between. */

import { BoardClock } from '../../../../hosts/simulator/board/clocks';
import { VirtualStore } from '../../../../hosts/simulator/board/store';
import { Air, type AirOptions } from '../../../../hosts/simulator/radio/air';
import { NetworkServer, type NetworkUplink } from '../../../../hosts/simulator/radio/network';
import type { Region } from '../../../../hosts/simulator/radio/region';
import { eu868 } from '../../../../hosts/simulator/radio/regions';
import { VirtualRadio } from '../../../../hosts/simulator/radio/virtual-radio';
import { seededRandom32 } from '../../../../hosts/simulator/random';
import { VirtualTime } from '../../../../hosts/simulator/time';
import { DutyLedger } from '../../../../modules/lora/ledger';
import { SessionKeeper } from '../../../../modules/lora/session';

export const NOON = 1_767_268_800_000;
export const devEui = '70b3d57ed0000001';
const appKey = Buffer.from('00112233445566778899aabbccddeeff', 'hex');

export interface Sent {
	readonly frequency: number;
	readonly from: number;
	readonly to: number;
	readonly spreadingFactor: number;
	readonly isJoin: boolean;
}

export function radioWorld(options: Partial<AirOptions> & { region?: Region; seed?: number } = {}) {
	const { region = eu868, seed = 1, ...more } = options;
	const time = new VirtualTime();
	const random32 = seededRandom32(seed);
	const air = new Air({ scheduler: time, random32, distance: 0.3, ...more });
	const uplinks: NetworkUplink[] = [];
	const onUplink = (uplink: NetworkUplink) => void uplinks.push(uplink);
	const network = new NetworkServer({ air, region, random32, epoch: NOON, onUplink });
	network.register(devEui, appKey);
	const sent: Sent[] = [];
	air.onUplink = ({ frequency, bytes, rate }, took) => {
		const { spreadingFactor } = rate;
		sent.push({ frequency, spreadingFactor, from: time.now, to: time.now + took, isJoin: bytes[0]! >> 5 === 0 });
	};
	const store = new VirtualStore();
	/** One boot of the board; `kept` is what RTC memory has of the one before. */
	const boot = (kept?: { session: Uint8Array | undefined; duty: Uint8Array }) => {
		const clock = new BoardClock(time, { epoch: NOON });
		const keeper = new SessionKeeper({ store, log: () => {} });
		const ledger = new DutyLedger(clock, region.bands);
		if (kept?.session) keeper.recall(kept.session);
		if (kept) ledger.recall(kept.duty);
		const joinEui = Buffer.alloc(8);
		const own = { devEui: Buffer.from(devEui, 'hex'), joinEui, appKey };
		const radio = new VirtualRadio({ air, region, clock, random32, ledger, ...own });
		radio.onSession = (session) => keeper.save(session);
		return {
			clock,
			keeper,
			radio,
			/** Deep sleep begins: what RTC memory keeps. */
			end() {
				radio.close();
				clock.kill();
				return { session: keeper.keep()?.slice(), duty: ledger.keep() };
			},
			/** Sends, and lets time pass until that is over. */
			async uplink(bytes: number, confirmed = true, patience = 600_000): Promise<boolean | undefined> {
				let end: boolean | undefined;
				radio.onSent = ({ acknowledged }) => {
					end = acknowledged;
				};
				if (!time.advanceUntil(() => radio.readyAt <= clock.ticks, patience)) return undefined;
				radio.send(2, new Uint8Array(bytes), confirmed);
				time.advanceUntil(() => end !== undefined, patience);
				return end;
			},
		};
	};
	return { time, air, network, uplinks, sent, store, boot, region };
}

/** The most that any hour had of a band's air, in milliseconds, by the band's number. */
export function busiestHour(sent: readonly Sent[], { bands }: Region): number[] {
	return bands.map(({ from, to }) => {
		const inBand = sent.filter(({ frequency }) => frequency >= from && frequency <= to);
		let [most, airtime, first] = [0, 0, 0];
		for (const uplink of inBand) {
			airtime += uplink.to - uplink.from;
			for (; inBand[first]!.to <= uplink.to - 3_600_000; first++) airtime -= inBand[first]!.to - inBand[first]!.from;
			// Part of the first one may lie before the hour.
			const before = Math.max(0, uplink.to - 3_600_000 - inBand[first]!.from);
			most = Math.max(most, airtime - before);
		}
		return most;
	});
}
