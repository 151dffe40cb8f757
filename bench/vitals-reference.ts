/** What the estimator is held against: oximeters that agree, and the peak counter that every tutorial has. */

export const rows = (text: string): string[][] =>
	text
		.trim()
		.split('\n')
		.slice(1)
		.map((line) => line.split(','));

/** The mean of the most oximeters, at least three, that agree within 3 beats; undefined when none do. */
export function agreed(pulses: readonly number[]): number | undefined {
	const sorted = pulses.filter((pulse) => pulse > 0).sort((one, other) => one - other);
	for (let count = sorted.length; count >= 3; count--)
		for (let from = 0; from + count <= sorted.length; from++)
			if (sorted[from + count - 1]! - sorted[from]! <= 3)
				return sorted.slice(from, from + count).reduce((sum, pulse) => sum + pulse, 0) / count;
	return undefined;
}

/** Beats a minute of a window: its mean taken away, smoothed over four samples, peaks above half of the highest, 0.3 s apart. */
export function peakCounter(window: readonly number[], rateHz: number): number | undefined {
	const mean = window.reduce((sum, value) => sum + value, 0) / window.length;
	// Light is less where blood is more.
	const smooth = window
		.slice(3)
		.map((value, at) => mean - (value + window[at]! + window[at + 1]! + window[at + 2]!) / 4);
	const threshold = Math.max(...smooth) / 2;
	const peaks: number[] = [];
	for (let at = 1; at < smooth.length - 1; at++) {
		if (smooth[at]! < threshold || smooth[at]! < smooth[at - 1]! || smooth[at]! <= smooth[at + 1]!) continue;
		if (peaks.length === 0 || at - peaks.at(-1)! > 0.3 * rateHz) peaks.push(at);
	}
	if (peaks.length < 3) return undefined;
	return (60 * rateHz * (peaks.length - 1)) / (peaks.at(-1)! - peaks[0]!);
}
