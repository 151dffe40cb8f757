/** What to do with the current of the LEDs. */
export type LedAdvice = 'up' | 'down' | 'hold';

/** Below this share of full scale nothing reflects: bare, a MAX30102 sees 1 % and less, under a finger 10 % and more. */
const FINGER = 0.04;
/** From here to here, as shares of full scale, the converter is well used. */
const DIM = 0.2;
const BRIGHT = 0.9;
const SATURATED = 0.985;
/** The light changed so much from one second to the next: a finger came or went, or a current was set anew. */
const STEP = 0.3;
const SECONDS = 8;

/** Full scale of the usual converters, and of what is scaled to 1: a value that stays at one of these is cut off there. */
const CODES: readonly number[] = Object.freeze([1, 255, 1023, 4095, 16383, 32767, 65535, 131071, 262143, 524287]);

/** The constant light: whether there is a finger, whether the converter is full, and what to divide the pulse by. */
export class Contact {
	readonly #fullScale: number | undefined;
	/** Means of the last seconds, infrared and red in turn. */
	readonly #means = new Float32Array(2 * SECONDS);
	#seconds = 0;
	#count = 0;
	#mainSum = 0;
	#redSum = 0;
	#mainTop = Number.NEGATIVE_INFINITY;
	#redTop = Number.NEGATIVE_INFINITY;
	#mainAtTop = 0;
	#redAtTop = 0;
	/** How far the light of the seconds before went up and down. */
	#swing = 0;
	#swingBefore = 0;
	#mainBottom = Number.POSITIVE_INFINITY;
	/** Means of up to the last eight seconds since the last step. */
	main = 0;
	red = 0;
	/** Of the last second. */
	finger = false;
	saturated = false;
	stepped = false;
	ledAdvice: LedAdvice = 'hold';

	constructor(fullScale: number | undefined) {
		this.#fullScale = fullScale;
	}

	add(main: number, red: number): void {
		this.#count++;
		this.#mainSum += main;
		this.#redSum += red;
		if (main >= this.#mainTop) {
			this.#mainAtTop = main > this.#mainTop ? 1 : this.#mainAtTop + 1;
			this.#mainTop = main;
		}
		if (main < this.#mainBottom) this.#mainBottom = main;
		if (red >= this.#redTop) {
			this.#redAtTop = red > this.#redTop ? 1 : this.#redAtTop + 1;
			this.#redTop = red;
		}
	}

	endSecond(): void {
		const main = this.#mainSum / this.#count;
		const red = this.#redSum / this.#count;
		this.saturated =
			this.#full(this.#mainTop, this.#mainAtTop, this.#count) || this.#full(this.#redTop, this.#redAtTop, this.#count);
		const full = this.#fullScale;
		this.finger = full === undefined ? main !== 0 : main >= full * FINGER && red >= full * FINGER * 0.25;
		this.ledAdvice = 'hold';
		if (full !== undefined && this.finger) {
			if (this.saturated || main > full * BRIGHT || red > full * BRIGHT) this.ledAdvice = 'down';
			else if (main < full * DIM) this.ledAdvice = 'up';
		}
		const before = this.#means[2 * ((this.#seconds + SECONDS - 1) % SECONDS)]!;
		const step = Math.abs(main - before);
		// Without constant light, a pulse alone is a large part of what is left: a step is larger than pulses were.
		this.stepped =
			this.#seconds > 0 &&
			step > STEP * Math.max(Math.abs(main), Math.abs(before)) &&
			step > 2 * Math.min(this.#swing, this.#swingBefore);
		this.#swingBefore = this.#swing;
		this.#swing = this.#mainTop - this.#mainBottom;
		if (this.stepped) this.#seconds = 0;
		this.#means[2 * (this.#seconds % SECONDS)] = main;
		this.#means[2 * (this.#seconds % SECONDS) + 1] = red;
		this.#seconds++;
		const known = Math.min(this.#seconds, SECONDS);
		this.main = this.red = 0;
		for (let second = 0; second < known; second++) {
			this.main += this.#means[2 * second]! / known;
			this.red += this.#means[2 * second + 1]! / known;
		}
		if (this.#seconds === 2 * SECONDS) this.#seconds = SECONDS;
		this.#clear();
	}

	reset(): void {
		this.#seconds = this.#swing = this.#swingBefore = 0;
		this.#clear();
	}

	#clear(): void {
		this.#count = this.#mainSum = this.#redSum = this.#mainAtTop = this.#redAtTop = 0;
		this.#mainTop = this.#redTop = Number.NEGATIVE_INFINITY;
		this.#mainBottom = Number.POSITIVE_INFINITY;
	}

	#full(top: number, times: number, count: number): boolean {
		if (this.#fullScale !== undefined) return top >= this.#fullScale * SATURATED;
		return times >= 3 && times * 20 > count && CODES.includes(top);
	}
}
