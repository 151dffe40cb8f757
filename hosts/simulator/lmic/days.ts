import { READING_BYTE_LENGTH } from '../../../modules/lora/payload';
import { Trial, type TrialOptions } from './trial';

export interface DaysOptions extends TrialOptions {
	readonly days: number;
	/** Milliseconds; 30,000 unless it says otherwise. */
	readonly awake?: number;
	/** One waking in so many ends by a power cut. */
	readonly cutEvery: number;
}

export interface DaysCounts {
	readonly wakings: number;
	readonly cuts: number;
	readonly frames: number;
	readonly acknowledged: number;
	/** Milliseconds: the busiest hour of each band, whenever it begins. */
	readonly busiest: readonly number[];
	readonly repeated: number;
}

const DAY = 86_400_000;

/** A while awake with as much to send as may go, about five minutes asleep, and so on: a backlog that never ends. */
export async function lmicDays(options: DaysOptions): Promise<DaysCounts> {
	const { days, cutEvery, region, awake = 30_000 } = options;
	const trial = new Trial(options);
	const { time, random32, records, network } = trial;
	let [wakings, cuts] = [0, 0];
	trial.start();
	while (time.now < days * DAY) {
		const end = time.now + awake;
		wakings++;
		// Processes that ended are buried between.
		await new Promise((resolve) => setImmediate(resolve));
		while (trial.within(() => trial.isReady, end - time.now)) {
			const payload = new Uint8Array(Math.min(READING_BYTE_LENGTH, trial.lmic.room));
			trial.lmic.send(2, payload, true);
			trial.within(() => trial.isReady, end - time.now);
		}
		const asleep = 240_000 + (random32() % 100_000);
		if (random32() % cutEvery === 0) {
			cuts++;
			trial.stop();
			time.advance(random32() % asleep);
			trial.start();
		} else trial.sleep(asleep);
	}
	trial.stop();
	return {
		wakings,
		cuts,
		frames: records.frames.length,
		acknowledged: trial.acknowledged,
		busiest: records.busiestHours(region.bands),
		repeated:
			records.repeatedCounters +
			records.repeatedNonces +
			network.counts.repeatedCounters +
			network.counts.repeatedNonces,
	};
}
