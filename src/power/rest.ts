/** What a device that sleeps keeps, and what it saves, from one waking to the next. */
import { Fault } from '../../modules/fault';
import type { Log } from '../../modules/ports';
import type { Host } from '../host';
import type { Parts } from '../parts';
import type { KeptClock } from './kept-clock';
import type { Memory } from './memory';
import type { Retained } from './retained';

/** Writes down what the next waking goes by. A memory that fails costs that, and no more. */
export function remember(
	{ sampler, dating, plan, courier }: Parts,
	memory: Memory,
	clock: KeptClock,
	milliseconds: number,
	host: Pick<Host, 'clock' | 'log'>,
): void {
	try {
		clock.compare();
		memory.save({
			age: Math.round(clock.ticks),
			asleep: milliseconds,
			next: Math.round(sampler.next),
			boot: dating.boot,
			awake: memory.state.awake + Math.round(host.clock.ticks),
			health: [plan.health, ...courier.lanes.map(({ health }) => health)].flatMap((each) => each ?? []),
		});
	} catch (thrown) {
		host.log('error', 'device', `nothing is remembered: ${Fault.from(thrown, 'misuse').message}`);
	}
}

/** On an empty battery: fewer readings, and no flash erased before it must be; at a third of that, not even then. */
export function spare({ settings, sampler, journal, alerts }: Parts, state: Retained, percent: number, log: Log): void {
	const { batteryLowPercent, batteryLowFactor } = settings;
	const spared = percent < batteryLowPercent;
	sampler.stretch = spared ? batteryLowFactor : 1;
	const erasing = !spared ? 'ahead' : 3 * percent >= batteryLowPercent ? 'late' : 'never';
	journal.erasing = erasing;
	alerts.erasing = erasing;
	if (spared !== state.spared)
		log('warning', 'power', spared ? `the battery is low: ${percent} %` : `the battery is good: ${percent} %`);
	state.spared = spared;
}
