import type { Band } from '../../../modules/lora/ledger';
import type { Emission } from './chip';

const HOUR = 3_600_000;

/** One frame of a device. Milliseconds of virtual time. */
interface Frame {
	readonly boot: number;
	readonly frequencyHz: number;
	readonly from: number;
	readonly to: number;
}

/** What a device sent over all its lives, for whoever counts. */
export class Records {
	readonly frames: Frame[] = [];
	readonly #nonces = new Set<number>();
	/** By address and counter: what went out under it, and in which boot. */
	readonly #counters = new Map<string, { readonly boot: number; readonly bytes: string }>();
	joinRequests = 0;
	repeatedNonces = 0;
	/** The same frame once more, in the same boot. */
	retransmitted = 0;
	/** Another frame under a counter that was used. */
	repeatedCounters = 0;

	add(boot: number, { tuning, bytes, start, end }: Emission): void {
		this.frames.push({ boot, frequencyHz: tuning.frequencyHz, from: start / 1000, to: end / 1000 });
		const frame = Buffer.from(bytes);
		if (frame[0]! >> 5 === 0) {
			const nonce = frame.readUInt16LE(17);
			this.joinRequests++;
			if (this.#nonces.has(nonce)) this.repeatedNonces++;
			this.#nonces.add(nonce);
			return;
		}
		const key = `${frame.toString('hex', 1, 5)} ${frame.readUInt16LE(6)}`;
		const hexadecimal = frame.toString('hex');
		const before = this.#counters.get(key);
		if (!before) this.#counters.set(key, { boot, bytes: hexadecimal });
		else if (before.boot === boot && before.bytes === hexadecimal) this.retransmitted++;
		else this.repeatedCounters++;
	}

	/** The most that any hour had of each band's air, in milliseconds. */
	busiestHours(bands: readonly Band[]): number[] {
		return bands.map(({ from, to }) =>
			busiestHour(this.frames.filter(({ frequencyHz }) => frequencyHz >= from && frequencyHz <= to)),
		);
	}
}

/** The most airtime in any sixty minutes, whenever they begin. @param frames in their order */
export function busiestHour(frames: readonly { readonly from: number; readonly to: number }[]): number {
	let [most, airtime, first] = [0, 0, 0];
	for (const frame of frames) {
		airtime += frame.to - frame.from;
		for (; frames[first]!.to <= frame.to - HOUR; first++) airtime -= frames[first]!.to - frames[first]!.from;
		// Part of the first one may lie before the hour.
		most = Math.max(most, airtime - Math.max(0, frame.to - HOUR - frames[first]!.from));
	}
	return most;
}
