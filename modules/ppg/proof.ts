import type { Beats } from './beats';
import type { Periodicity } from './periodicity';

/** What one window says. */
export interface Evidence {
	/** Whether anything repeats. */
	found: boolean;
	/** Of the pulse, root mean square, by the constant light or, without that, in the sensor's units. */
	amplitude: number;
	/** Whether there is constant light. */
	constant: boolean;
	/** Red pulse by infrared pulse, each by its constant light; 0 when there is one channel. */
	ratio: number;
	/** How alike both channels are, −1 to 1; 1 when there is one. */
	coherence: number;
	/** How far the channels are from one ratio at all harmonics, beyond what noise explains; 0 when there is one channel. */
	discord: number;
}

/** Beats a minute below which an exercise is as likely as a heart, and above which a stride is. */
const SLOWEST = 50;
const SLOW = 55;
const FAST = 100;
const RACING = 112;
/** Here a beat can be told from a stride by its harmonics: above, they are out of the band; below, arms swing as evenly. */
const TELLING = 62;
const SWINGING = 82;
/** Windows in turn, at least, for a pulse as in a textbook, and for any plain one. */
const TEXTBOOK = 2;
const PLAIN = 3;
/** The same for what is as regular as nothing that lives but a heart at rest, and has no shape, or is not plain. */
export const PURE = 12;
/** How far the peaks of a plain beat stand over its troughs, at least (with breathing in it, where two channels say blood). */
const STANDING = 0.4;
const STANDING_BLOOD = 0.5;
const STANDING_SLOWLY = 1;
/** The same by the likeness: a stride has a jolt for each foot, so half-way is another peak. */
const SINGLE = 1.3;
const CLEARLY_SINGLE = 1.4;
/** As far as this the likeness may fall at a quarter: a stride falls to −0.35 and −0.55, for its steps are upside down there. */
const TWICE = -0.25;
const STRIDE = -0.3;
/** How much alike red and infrared are when nothing but blood moves. */
const SURE = 0.97;
const CONCORD = 0.05;
/** The ratio of 96 % oxygen. */
const SATURATED = 0.5;
/** How unlike its upstrokes and its intervals may be. */
const EVEN = 0.2;
const REGULAR = 0.13;
/** For a beat that is not plain, and is watched for long. */
const UNEVEN = 0.3;
const CLEAR = 65;

/** One beat in a period, not two. */
export function isSingle(periodicity: Periodicity, share = SINGLE): boolean {
	const { comb, clarity } = periodicity;
	return comb > STANDING && comb > share * clarity && !isDouble(periodicity);
}

/** Two beats in a period, as a stride has two steps. */
export function isDouble({ quarter }: Periodicity): boolean {
	return quarter < TWICE;
}

/** So much of two in a period that no pulse has it. */
export function isStride({ quarter }: Periodicity): boolean {
	return quarter < STRIDE;
}

/** Red and infrared are alike, and of a ratio that motion has not. */
function isBlood({ ratio, coherence }: Evidence): boolean {
	return ratio > 0 && ratio < 0.6 && coherence > 0.9;
}

/** Well saturated too, and at all harmonics alike: slow exercises hardly ever are, of a finger at rest nearly all may be. */
function isSurelyBlood(evidence: Evidence): boolean {
	return evidence.ratio < SATURATED && evidence.coherence > SURE && evidence.discord < CONCORD;
}

/** One beat in a period, as even as at rest. */
export function isPlain(evidence: Evidence, beats: Beats, periodicity: Periodicity): boolean {
	if (!(beats.heightSpread < EVEN && beats.spread < REGULAR)) return false;
	return isSingle(periodicity) || (isBlood(evidence) && beats.skew < -0.5 && periodicity.comb > STANDING_BLOOD);
}

/** Not plain, but so clear that it may be, when it lasts. */
export function isClear(quality: number, beats: Beats, periodicity: Periodicity): boolean {
	return isSingle(periodicity, CLEARLY_SINGLE) && beats.heightSpread < UNEVEN && quality >= CLEAR;
}

/** So regular, and so much the same in both channels, that it is believed without a shape. */
export function isPure(quality: number, evidence: Evidence): boolean {
	return evidence.coherence > 0.95 && quality >= 85;
}

/** As at rest, with warm hands. */
function isTextbook(shape: number, quality: number, beats: Beats, periodicity: Periodicity): boolean {
	return shape > 0.6 && periodicity.comb > 1.2 && beats.heightSpread < 0.1 && quality > 80;
}

/** Windows in turn that must say the same of a finger that is known: the less it looks like a pulse, the more. */
export function windowsFor(shape: number, quality: number): number {
	if (shape > 0.5) return quality > 80 ? 2 : 4;
	if (shape > 0.4) return 4;
	return shape > 0.25 ? 6 : 9;
}

/**
 * Nothing is known of this finger yet. A swing of the arm is even on both sides; it moves all that the light meets alike,
 * not the arterial blood alone; and it is as often a hundred a minute and more as less. A pulse at rest is none of these.
 * @returns for how many seconds it must be the same; 0 when it will not do, however long
 */
export function windowsAtFirst(
	bpm: number,
	quality: number,
	evidence: Evidence,
	beats: Beats,
	periodicity: Periodicity,
): number {
	const shape = Math.abs(beats.skew);
	let needed = isTextbook(shape, quality, beats, periodicity) ? TEXTBOOK : PLAIN;
	if (bpm > FAST) needed += 2;
	if (bpm < SLOW) needed += 2;
	if (!isPlain(evidence, beats, periodicity)) {
		if (!evidence.constant) return 0;
		needed = PURE;
	}
	if (evidence.ratio > 0.75) needed += 3;
	// Slower, a swing is as even: a beat must have all of a pulse's shape.
	const slowly = shape > (bpm < SLOW ? 0.7 : 0.5) && periodicity.comb > STANDING_SLOWLY ? needed + 2 : 0;
	// Cameras smooth a pulse's shape away; runners swing their arms smoothly, but faster.
	const smoothly = evidence.constant && bpm < SWINGING && isSingle(periodicity, CLEARLY_SINGLE) ? needed + 2 : 0;
	if (evidence.ratio === 0) {
		// Nothing else can tell a stride from a racing heart, or an exercise from a slow one.
		if (bpm < TELLING) return slowly;
		if (bpm < RACING) return shape > 0.5 ? needed : smoothly;
		return shape > 0.8 ? needed + 1 : 0;
	}
	// More blood, less light: red and infrared fall steeply. What rises steeply is an amplifier's doing, or an arm's.
	const falls = beats.skew < 0;
	if (bpm > FAST && evidence.ratio > 0.6 && !(falls && shape > 0.8)) return 0;
	const last = isPure(quality, evidence) ? PURE : 0;
	if (bpm >= TELLING) return (isBlood(evidence) || (falls && shape > 0.5) ? needed : smoothly) || last;
	if (!falls) return last;
	return isSurelyBlood(evidence) && (bpm >= SLOWEST || shape > 0.4) ? needed + 1 : slowly || last;
}
