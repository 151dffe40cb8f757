/**
 * Charge of a lithium-ion cell (graphite and cobalt or NMC, 4.2 V when full) by its voltage at a load of a fifth of its capacity an
 * hour or less, at room temperature: a straight line between these points, in millivolts and percent. Real cells differ by some
 * 5 %, in the flat middle by 10; in the cold the voltage sags and the charge seems less. A fuel gauge knows better.
 */
const CURVE: readonly (readonly [millivolts: number, percent: number])[] = Object.freeze([
	Object.freeze([3_200, 0] as const),
	Object.freeze([3_500, 5] as const),
	Object.freeze([3_610, 10] as const),
	Object.freeze([3_690, 20] as const),
	Object.freeze([3_740, 30] as const),
	Object.freeze([3_780, 40] as const),
	Object.freeze([3_830, 50] as const),
	Object.freeze([3_880, 60] as const),
	Object.freeze([3_950, 70] as const),
	Object.freeze([4_020, 80] as const),
	Object.freeze([4_100, 90] as const),
	Object.freeze([4_180, 100] as const),
]);

/** @returns 0 to 100 */
export function chargeOf(millivolts: number): number {
	let [below, low] = CURVE[0]!;
	if (millivolts <= below) return low;
	for (const [above, high] of CURVE) {
		if (millivolts <= above) return low + ((high - low) * (millivolts - below)) / (above - below);
		below = above;
		low = high;
	}
	return 100;
}
