import { DATE, DATE_WEIGHT, type Offer } from './parts';

const DAYS = 'SunMonTueWedThuFriSat';
const MONTHS = 'JanFebMarAprMayJunJulAugSepOctNovDec';
const LENGTH = 29;
const DAY = 86_400_000;

/** Milliseconds by which a Date may be wrong besides the way: it has whole seconds, and may have been written a moment before. */
const COARSENESS = 1_000;
/** Longer under way than this, it says too little. */
const LONGEST_EXCHANGE = 10_000;

/**
 * Epoch milliseconds of an IMF-fixdate (RFC 9110 §5.6.7), "Sun, 06 Nov 1994 08:49:37 GMT", or undefined for anything else: the
 * obsolete forms too, a day that is not in the month, and a weekday that it was not. Second 60 is the first of the next minute.
 */
export function parseDate(text: string): number | undefined {
	if (text.length !== LENGTH || text.slice(3, 5) !== ', ' || text.slice(25) !== ' GMT') return undefined;
	if (text[7] !== ' ' || text[11] !== ' ' || text[16] !== ' ' || text[19] !== ':' || text[22] !== ':') return undefined;
	const day = digits(text, 5, 7);
	const month = placeOf(text.slice(8, 11), MONTHS);
	const year = digits(text, 12, 16);
	const hour = digits(text, 17, 19);
	const minute = digits(text, 20, 22);
	const second = digits(text, 23, 25);
	// Not a number compares as false.
	if (!(day >= 1 && month >= 0 && year >= 1900 && hour <= 23 && minute <= 59 && second <= 60)) return undefined;
	const midnight = Date.UTC(year, month, day);
	const date = new Date(midnight);
	if (date.getUTCMonth() !== month || date.getUTCDay() !== placeOf(text.slice(0, 3), DAYS)) return undefined;
	return midnight + (hour * DAY) / 24 + minute * 60_000 + second * 1_000;
}

/**
 * What a response's Date says the time is, or undefined when it says nothing good.
 * @param askedAt the clock's ticks when the request went out
 * @param answeredAt … and when the Date came
 */
export function offerOfDate(text: string, askedAt: number, answeredAt: number): Offer | undefined {
	const date = parseDate(text);
	const exchange = answeredAt - askedAt;
	if (date === undefined || !(exchange >= 0 && exchange <= LONGEST_EXCHANGE)) return undefined;
	return {
		source: DATE,
		// On average half a second has passed since the second began.
		time: date + 500,
		at: askedAt + exchange / 2,
		uncertainty: COARSENESS + exchange / 2,
		weight: DATE_WEIGHT,
	};
}

/** A number of digits alone, or NaN. */
function digits(text: string, start: number, end: number): number {
	let value = 0;
	for (let at = start; at < end; at++) {
		const digit = text.charCodeAt(at) - 0x30;
		if (!(digit >= 0 && digit <= 9)) return Number.NaN;
		value = value * 10 + digit;
	}
	return value;
}

/** The index of a name of three letters in a list without gaps, or -1. */
function placeOf(name: string, list: string): number {
	for (let at = 0; at < list.length; at += 3) if (list.startsWith(name, at)) return at / 3;
	return -1;
}
