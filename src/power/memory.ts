import type { Clock, Keepsake, Power } from '../../modules/ports';
import { isTime } from '../../modules/time/window';
import { packRetained, type Retained, unpackRetained, unremembered } from './retained';

/** Undated readings can tell 124 days of uptime; a device that was never told the time begins a new age before that. */
const LONGEST_UNDATED_AGE = 100 * 86_400_000;

/**
 * What the device knows of the wakings before: read from RTC memory when it wakes, written there when it goes to sleep.
 *
 * Only a sleep that ended by its timer is known in its length, so only then the age goes on. After a pin it does if the host's
 * clock went on; after anything else a new age begins, and of the old one stay the counts and the back-off.
 */
export class Memory {
	readonly state: Retained;
	readonly #power: Power;
	readonly #keepsakes: readonly Keepsake[];

	constructor(options: { power: Power; clock: Clock; keepsakes?: readonly Keepsake[] | undefined }) {
		const { power, clock, keepsakes = [] } = options;
		this.#power = power;
		this.#keepsakes = keepsakes;
		this.state = resume(power, clock);
		this.state.wakings++;
		for (const keepsake of keepsakes) {
			const kept = this.state.keepsakes.find(([name]) => name === keepsake.name);
			if (kept) keepsake.recall(kept[1]);
		}
		// They are with their owners now, and would only take room.
		this.state.keepsakes = [];
	}

	/**
	 * Writes it all down, to be found at the next waking.
	 * @throws what a keepsake throws; nothing is remembered then, since half of it would be wrong
	 */
	save(news: Partial<Retained>): void {
		const { retained } = this.#power;
		retained.fill(0, 0, 8);
		const keepsakes = this.#keepsakes.flatMap((keepsake) => {
			const bytes = keepsake.keep();
			return bytes ? [[keepsake.name, bytes] as const] : [];
		});
		packRetained({ ...this.state, ...news, keepsakes }, retained);
	}
}

function resume(power: Power, clock: Clock): Retained {
	// After power loss the bytes are random: not worth a look.
	const state = power.cause === 'power' ? undefined : unpackRetained(power.retained);
	if (!state) return unremembered();
	const { time } = clock;
	const untimely = state.born === undefined && state.age > LONGEST_UNDATED_AGE;
	if (power.cause === 'timer' && !untimely) state.age += state.asleep;
	else if (power.cause === 'pin' && state.born !== undefined && isTime(time)) {
		const age = Math.round(time - clock.ticks - state.born);
		state.age = Math.min(state.age + state.asleep, Math.max(state.age, age));
	} else beginAge(state);
	state.asleep = 0;
	return state;
}

function beginAge(state: Retained): void {
	const ago = (moment: number): number => Math.max(0, moment - state.age);
	state.health = state.health.map((each) => ({ ...each, retryAt: ago(each.retryAt) }));
	state.next = 0;
	state.age = 0;
	state.told = 0;
	state.delivered = 0;
	state.born = undefined;
	state.boot = undefined;
}
