import type { Window } from './window';

/** What ends at 5 Hz loses nothing when it is looked at 12.5 times a second: so seldom red is kept. */
export const STRIDE = 2;
/** So many of those samples are independent of each other: 5 of 6.25 Hz. */
const INDEPENDENT = 0.8;

/**
 * What red and infrared have in common. The pulse a beat before and a beat after is what both are held against: noise does
 * not repeat, so it adds to neither channel's pulse, however weak that is.
 */
export class Channels {
	/** Red pulse by infrared pulse, each by its constant light: the ratio of ratios. 0 when not known. */
	ratio = 0;
	/** Its standard error within this window. */
	error = 0;
	/** How alike both are, −1 to 1. */
	coherence = 0;
	/**
	 * How far the ratio of the slopes is from that of the levels, as a logarithm: the slopes are the pulse with its harmonics
	 * made louder. Blood has one ratio at all of them; what moves the finger has not.
	 */
	discord = 0;

	/**
	 * @param period samples from beat to beat
	 * @param scale constant infrared by constant red light
	 */
	measure({ red, phase, main: infrared, from }: Window, period: number, scale: number): void {
		const lag = Math.round(period);
		const to = infrared.length;
		let at = from + lag + STRIDE;
		if ((at - phase) % STRIDE !== 0) at++;
		let index = (at - phase) / STRIDE;
		let redHeld = 0;
		let infraredHeld = 0;
		let held2 = 0;
		let red2 = 0;
		let infrared2 = 0;
		let both = 0;
		let redSlope = 0;
		let infraredSlope = 0;
		const first = at;
		let redBefore = red[index - 1]!;
		let infraredBefore = infrared[at - STRIDE]!;
		let heldBefore = infrared[at - STRIDE - lag]! + infrared[at - STRIDE + lag]!;
		for (; at < to - lag; at += STRIDE) {
			const r = red[index++]!;
			const i = infrared[at]!;
			const held = infrared[at - lag]! + infrared[at + lag]!;
			redHeld += r * held;
			infraredHeld += i * held;
			held2 += held * held;
			red2 += r * r;
			infrared2 += i * i;
			both += r * i;
			const rise = held - heldBefore;
			heldBefore = held;
			redSlope += (r - redBefore) * rise;
			infraredSlope += (i - infraredBefore) * rise;
			redBefore = r;
			infraredBefore = i;
		}
		this.ratio = this.error = this.coherence = 0;
		this.discord = 1;
		if (!(red2 > 0 && infraredHeld > 0)) return;
		const slope = redHeld / infraredHeld;
		const count = (to - lag - first) / STRIDE;
		const rest = Math.max(0, red2 - 2 * slope * both + slope * slope * infrared2) / count;
		this.ratio = slope * scale;
		this.error = (scale * Math.sqrt((rest * held2) / INDEPENDENT)) / infraredHeld;
		this.coherence = both / Math.sqrt(red2 * infrared2);
		const steep = redSlope / infraredSlope;
		if (steep > 0 && slope > 0) this.discord = Math.abs(Math.log(steep / slope));
	}
}
