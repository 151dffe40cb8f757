import { aboutOf, Condition, Kind } from './kinds';
import type { Quantity } from './quantities';

export type Language = 'en' | 'fr';

/** No Intl on XS, and no table of plurals is worth one: the sentences are built so that they need none. */
const WORDS = Object.freeze({
	en: Object.freeze({
		temperature: 'Temperature',
		humidity: 'Humidity',
		heart_rate: 'Heart rate',
		spo2: 'Oxygen saturation',
		battery_level: 'Battery',
		low: 'at or below',
		high: 'at or above',
		falling: 'falls by',
		rising: 'rises by',
		rate: 'a minute; threshold',
		lost: ': no value any more, for readings in a row:',
		storage: 'Journal nearly full:',
		dropped: 'Journal full; readings lost so far:',
	}),
	fr: Object.freeze({
		temperature: 'Température',
		humidity: 'Humidité',
		heart_rate: 'Fréquence cardiaque',
		spo2: 'Saturation en oxygène',
		battery_level: 'Batterie',
		low: 'inférieure ou égale à',
		high: 'supérieure ou égale à',
		falling: 'baisse de',
		rising: 'augmente de',
		rate: 'par minute ; seuil',
		lost: ' : plus aucune valeur, mesures de suite :',
		storage: 'Journal presque plein :',
		dropped: 'Journal plein ; mesures perdues jusqu’ici :',
	}),
});

/**
 * An alert in one sentence: "Heart rate 135 bpm, at or above 131 bpm".
 * @param value, threshold natural units: °C, %, bpm, or a number of readings
 */
export function alertText(
	language: Language,
	kind: number,
	value: number | undefined,
	threshold: number | undefined,
): string {
	const words = WORDS[language];
	const about = aboutOf(kind);
	if (!about) return kind === Kind.STORAGE_NEARLY_FULL ? `${words.storage} ${value} %` : `${words.dropped} ${value}`;
	const { quantity, condition } = about;
	const what = words[quantity.name];
	const amount = (number: number | undefined): string => written(language, quantity, number);
	switch (condition) {
		case Condition.LOW:
			return `${what} ${amount(value)}, ${words.low} ${amount(threshold)}`;
		case Condition.HIGH:
			return `${what} ${amount(value)}, ${words.high} ${amount(threshold)}`;
		case Condition.FALLING:
			return `${what} ${words.falling} ${amount(-(value ?? 0))} ${words.rate} ${amount(-(threshold ?? 0))}`;
		case Condition.RISING:
			return `${what} ${words.rising} ${amount(value)} ${words.rate} ${amount(threshold)}`;
		default:
			return `${what}${words.lost} ${threshold}`;
	}
}

/** "38.5 °C", in French "38,5 °C". */
function written(language: Language, { unit }: Quantity, number: number | undefined): string {
	const digits = String(number ?? '?');
	return `${language === 'fr' ? digits.replace('.', ',') : digits} ${unit}`;
}
