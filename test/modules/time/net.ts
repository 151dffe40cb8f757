import { BoardClock } from '../../../hosts/simulator/board/clocks';
import { virtualTime } from '../../../hosts/simulator/net/parts';
import { type LinkOptions, VirtualNetwork } from '../../../hosts/simulator/net/virtual';
import { VirtualNtp } from '../../../hosts/simulator/net/virtual-ntp';
import { seededRandom32 } from '../../../hosts/simulator/random';
import { VirtualTime } from '../../../hosts/simulator/time';
import { Timekeeper } from '../../../modules/time/timekeeper';
import { EARLIEST_TIME } from '../../../modules/time/window';

export const NOON = 1_767_268_800_000;

export interface Setting {
	readonly servers?: readonly string[];
	readonly link?: LinkOptions;
	/** What the host's own clock says at the start. */
	readonly rtc?: number;
	readonly driftPpm?: number;
	readonly seed?: number;
}

/** A clock that asks time servers of a virtual network, which is right at noon plus what the scheduler says. */
export function makeNet({
	servers = ['a.time', 'b.time', 'c.time'],
	link = {},
	rtc,
	driftPpm,
	seed = 1,
}: Setting = {}) {
	const time = new VirtualTime();
	const network = new VirtualNetwork({ scheduler: time, random32: seededRandom32(seed) });
	const ntp = new Map(servers.map((host) => [host, new VirtualNtp(network, host, () => NOON + time.now)]));
	const line = network.link(link);
	const hardware = new BoardClock(time, { epoch: rtc, ...(driftPpm !== undefined && { driftPpm }) });
	const log: string[] = [];
	const set: number[] = [];
	const steps: [number | undefined, number][] = [];
	const keeper = new Timekeeper({
		...virtualTime(line, servers),
		clock: hardware,
		random32: seededRandom32(seed + 1),
		earliest: EARLIEST_TIME,
		set: (moment) => set.push(moment),
		onStep: (from, to) => steps.push([from, to]),
		log: (level, _, message) => log.push(`${level} ${message}`),
	});
	return {
		time,
		network,
		line,
		ntp: (host: string) => ntp.get(host)!,
		hardware,
		keeper,
		log,
		set,
		steps,
		/** How wrong the clock is, in milliseconds; undefined while it knows no time. */
		off: () => (keeper.clock.time === undefined ? undefined : keeper.clock.time - NOON - time.now),
		questions: () => [...ntp.values()].reduce((sum, { asked }) => sum + asked.length, 0),
	};
}
