/** A quantity over time. */
export interface ChartLine {
	readonly label: string;
	readonly unit: string;
	/** Digits behind the point. */
	readonly digits: number;
	/** The axis spans at least so much: what is steady must look steady. */
	readonly span: number;
	/** Oldest first; undefined where nothing was measured. Time in epoch ms. */
	readonly points: readonly { readonly time: number; readonly value: number | undefined }[];
	/** Moments to mark, epoch ms. */
	readonly marks: readonly number[];
}

const width = 320;
const height = 64;
const margin = 6;
/** Readings further apart than so many times the usual are not joined. */
const gap = 4;

/** An SVG of a quantity, for a page: no script, colours from the page's own. Empty where nothing was ever measured. */
export function chart({ label, unit, digits, span, points, marks }: ChartLine): string {
	const known = points.filter((point): point is { time: number; value: number } => point.value !== undefined);
	const newest = known.at(-1);
	if (!newest) return '';
	const values = known.map(({ value }) => value);
	const [low, high] = [Math.min(...values), Math.max(...values)];
	const middle = (low + high) / 2;
	const range = Math.max(high - low, span);
	const from = points[0]!.time;
	const duration = Math.max(points.at(-1)!.time - from, 1);
	const x = (time: number): string => (margin + ((width - 2 * margin) * (time - from)) / duration).toFixed(1);
	const y = (value: number): string => (height / 2 - ((height - 2 * margin) * (value - middle)) / range).toFixed(1);
	const usual = duration / Math.max(points.length - 1, 1);
	let path = '';
	let last: number | undefined;
	for (const { time, value } of points) {
		const isJoined = value !== undefined && last !== undefined && time - last <= gap * usual;
		// A point alone is a line of no length, which round caps make a dot.
		if (value !== undefined) path += isJoined ? `L${x(time)} ${y(value)}` : `M${x(time)} ${y(value)}h0`;
		last = value === undefined ? undefined : time;
	}
	const shownMarks = marks.filter((mark) => mark >= from && mark <= from + duration);
	const flags = shownMarks.map((mark) => `<path class="mark" d="M${x(mark)} 0v${height}"/>`).join('');
	const now = newest === points.at(-1) ? `${newest.value.toFixed(digits)} ${unit}` : '–';
	const bounds = `${low.toFixed(digits)} to ${high.toFixed(digits)}`;
	return `<figure><figcaption>${label} <b>${now}</b> <small>${bounds}</small></figcaption>
		<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${label}: ${now}; ${bounds}">${flags}
		<path class="line" d="${path}"/></svg></figure>`;
}
