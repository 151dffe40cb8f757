import { Fault } from '../../modules/fault';
import { JsonObject, type JsonValue, parseJson } from '../../modules/text/json';
import { type Quantity, quantities } from './quantities';

/** The thresholds of one quantity, whole, in the unit of its reading; undefined: none. */
export interface Limits {
	readonly low: number | undefined;
	readonly high: number | undefined;
	readonly hysteresis: number;
	/** The most that it may change in a minute, either way. */
	readonly ratePerMinute: number | undefined;
}

/** As set: over the default of the quantity. null turns a bound off. */
interface Given {
	low?: number | null;
	high?: number | null;
	hysteresis?: number;
	ratePerMinute?: number | null;
}

type Thresholds = Partial<Record<Quantity['name'], Given>>;

const WORDS = Object.freeze(['low', 'high', 'hysteresis', 'ratePerMinute'] as const);
const BOUNDS = Object.freeze({ depth: 2, values: 32 });
/** A rate beyond this many of the quantity's range in a minute is none. */
const FASTEST = 60;

/**
 * The setting `thresholds` as the rules want it, in the order of `quantities`.
 * @param text '' or JSON: `{"heart_rate":{"low":45,"high":null,"hysteresis":5,"ratePerMinute":40}}`, each over the default
 * @throws Fault 'malformed' or 'range' that names what is wrong, and the bound
 */
export function parseThresholds(text: string): readonly Limits[] {
	return text === '' ? UNSET : limitsOf(read(text));
}

/**
 * The setting with some of it changed.
 * @param changes as the setting: what is not named stays
 * @returns the new setting
 * @throws Fault 'range' that names the quantity, the threshold and the bound
 */
export function mergeThresholds(text: string, changes: JsonObject): string {
	const all = read(text);
	const fresh = check(changes);
	for (const { name } of quantities) if (fresh[name]) all[name] = { ...all[name], ...fresh[name] };
	limitsOf(all);
	return JSON.stringify(all);
}

function read(text: string): Thresholds {
	if (text === '') return {};
	const value = parseJson(text, BOUNDS);
	if (!(value instanceof JsonObject)) throw new Fault('range', 'not an object');
	return check(value);
}

function check(object: JsonObject): Thresholds {
	const result: Thresholds = {};
	object.names.forEach((name, at) => {
		const quantity = quantities.find((each) => each.name === name);
		if (!quantity)
			throw new Fault('range', `no such quantity; there are ${quantities.map((each) => each.name).join(', ')}`);
		const value = object.values[at]!;
		if (!(value instanceof JsonObject)) throw new Fault('range', `${quantity.name}: not an object`);
		result[quantity.name] = checkOne(quantity, value);
	});
	return result;
}

function checkOne(quantity: Quantity, object: JsonObject): Given {
	const given: Given = {};
	object.names.forEach((name, at) => {
		const word = WORDS.find((each) => each === name);
		if (!word) throw new Fault('range', `${quantity.name}: no such threshold; there are ${WORDS.join(', ')}`);
		given[word] = checkNumber(quantity, word, object.values[at]!) as number;
	});
	return given;
}

function checkNumber(quantity: Quantity, word: (typeof WORDS)[number], value: JsonValue): number | null {
	const name = `${quantity.name}.${word}`;
	if (value === null && word !== 'hysteresis') return null;
	if (typeof value !== 'number') throw new Fault('range', `${name}: not a number`);
	const range = quantity.maximum - quantity.minimum;
	const isBound = word === 'low' || word === 'high';
	const minimum = isBound ? quantity.minimum : word === 'hysteresis' ? 0 : 1 / quantity.scale;
	const maximum = isBound ? quantity.maximum : word === 'hysteresis' ? range : FASTEST * range;
	if (value < minimum) throw new Fault('range', `${name}: ${value} is below ${minimum}`);
	if (value > maximum) throw new Fault('range', `${name}: ${value} is above ${maximum}`);
	return value;
}

function limitsOf(thresholds: Thresholds): readonly Limits[] {
	return quantities.map((quantity) => {
		const { name, scale } = quantity;
		const given: Given = thresholds[name] ?? {};
		const whole = (value: number | null | undefined): number | undefined =>
			value === null || value === undefined ? undefined : Math.round(value * scale);
		const low = whole(given.low === undefined ? quantity.low : given.low);
		const high = whole(given.high === undefined ? quantity.high : given.high);
		const hysteresis = Math.round((given.hysteresis ?? quantity.hysteresis) * scale);
		if (low !== undefined && high !== undefined) {
			if (low >= high)
				throw new Fault('range', `${name}.low: ${low / scale} is not below ${name}.high (${high / scale})`);
			if (hysteresis > high - low)
				throw new Fault(
					'range',
					`${name}.hysteresis: ${hysteresis / scale} is above ${(high - low) / scale}, high − low`,
				);
		}
		return { low, high, hysteresis, ratePerMinute: whole(given.ratePerMinute) };
	});
}

/** What applies where nothing is set. Made when the module is preloaded, it takes no memory. */
const UNSET: readonly Limits[] = Object.freeze(limitsOf({}).map((limits) => Object.freeze(limits)));
