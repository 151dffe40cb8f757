import { isUtf8 } from 'node:buffer';
import type { Channel } from '../../modules/ports';
import { type Json, JsonError, parseJson } from './json';
import { alertIdPattern, maximumBody, type Quantity, quantityNames, readingIdPattern, violation } from './schema';

/** Which way a message came in. */
export type Door = 'mqtt' | 'broker' | 'http' | 'websocket' | 'lorawan';

/** A reading as the store takes it: checked, flat, dated. A quantity that was not measured is null. */
export interface Reading extends Readonly<Record<Quantity, number | null>> {
	readonly kind: 'reading';
	readonly deviceId: string;
	/** Journal epoch and sequence (unsigned 32-bit), or null where the device numbers nothing (the guide's sketches). */
	readonly epoch: number | null;
	readonly sequence: number | null;
	/** Epoch milliseconds. */
	readonly timestamp: number;
	/** The device's own stamp where it is no time (an uptime, or `undated`); `timestamp` is then when it came in. */
	readonly sourceTimestamp: number | null;
	/** It has a journal id and a stamp that cannot be: dated by its arrival. */
	readonly undated: boolean;
	readonly receivedAt: number;
	readonly door: Door;
}

/** Any other message. `body` is the JSON text as it came. */
export interface Message {
	readonly kind: 'message';
	readonly deviceId: string;
	readonly channel: Exclude<Channel, 'data'>;
	readonly timestamp: number;
	/** It came out of the journal with a stamp that cannot be: dated by its arrival. */
	readonly undated: boolean;
	readonly receivedAt: number;
	readonly door: Door;
	readonly alertId: string | null;
	/** Where an alert's id is a journal id: its place there, so that it does not look like a missing reading. */
	readonly epoch: number | null;
	readonly sequence: number | null;
	/** Of an alert out of a journal: the id of its short form, which LoRaWAN may have brought before (modules/lora/FORMAT.md). */
	readonly shortId?: string;
	/** Of a reply: what became of which command. */
	readonly reply?: Reply;
	readonly body: string;
}

export interface Reply {
	readonly commandId: string;
	readonly status: 'done' | 'refused' | 'failed';
	readonly detail: string | null;
}

/** In which way a message is wrong: no JSON, over its bound, another device's, or a field that does not hold. */
export type Wrong = 'malformed' | 'tooLong' | 'foreign' | 'invalid';

/** A message that cannot be taken now or ever. `message` names the field and the bound. */
export class Refusal extends Error {
	override readonly name = 'Refusal';
	readonly wrong: Wrong;

	constructor(message: string, wrong: Wrong = 'invalid') {
		super(message);
		this.wrong = wrong;
	}
}

/** 2020-01-01T00:00:00Z: nothing was measured before there was a device. */
export const earliest = 1_577_836_800_000;
const day = 86_400_000;

export interface Arrival {
	readonly door: Door;
	/** Who sent it, as the door knows from its credentials; undefined where the door cannot know. */
	readonly deviceId: string | undefined;
	readonly channel: Channel;
	readonly body: Buffer;
	/** The same, where the door has read it already. */
	readonly json?: Json;
	/** Epoch milliseconds. */
	readonly receivedAt: number;
}

/**
 * From bytes to what the store takes. What carries a journal id is never refused for its time alone, however far off or
 * absent: a refusal is a receipt, the device would forget the only copy, and the clock that is wrong may well be ours. Such
 * a one is dated by its arrival and keeps the device's stamp beside it. Without an id a time that cannot be is a clear
 * error: whoever numbers nothing keeps nothing that a receipt could take away.
 * @param now the server's clock, epoch ms
 * @throws Refusal
 */
export function interpret(arrival: Arrival, now: number): Reading | Message {
	const json = arrival.json === undefined ? parseBody(arrival.body, maximumBody) : arrival.json;
	const wrong = violation(arrival.channel, json);
	if (wrong !== undefined && !(wrong.startsWith('timestamp: ') && onlyTimeIsWrong(arrival.channel, json)))
		throw new Refusal(wrong);
	const fields = json as { [name: string]: Json };
	const deviceId = fields.device_id as string;
	if (arrival.deviceId !== undefined && deviceId !== arrival.deviceId)
		throw new Refusal(`device_id: ${deviceId} is not ${arrival.deviceId}, who sent it`, 'foreign');
	return arrival.channel === 'data'
		? reading(arrival, fields, deviceId, now)
		: message(arrival, arrival.channel, fields, deviceId, now);
}

/**
 * JSON in UTF-8, of `maximum` bytes at most.
 * @throws Refusal
 */
export function parseBody(body: Buffer, maximum: number): Json {
	if (body.length > maximum) throw new Refusal(`body: ${body.length} bytes, at most ${maximum}`, 'tooLong');
	if (!isUtf8(body)) throw new Refusal('body: not UTF-8', 'malformed');
	try {
		return parseJson(body.toString('utf8'));
	} catch (error) {
		if (error instanceof JsonError) throw new Refusal(error.message, 'malformed');
		throw error;
	}
}

/** Of a message out of a journal. */
function onlyTimeIsWrong(channel: Channel, json: Json): boolean {
	const fields = json as { [name: string]: Json };
	const isNumbered =
		channel === 'data'
			? isId(fields.reading_id, readingIdPattern)
			: channel === 'alert' && isAlertOfJournal(fields.alert_id);
	if (!isNumbered) return false;
	return violation(channel, { ...fields, timestamp: 0 }) === undefined;
}

function reading(arrival: Arrival, fields: { [name: string]: Json }, deviceId: string, now: number): Reading {
	const id = journalId('reading_id', fields.reading_id);
	const stamp = fields.timestamp;
	const timestamp = id ? possible(stamp, now) : date(arrival.door, stamp as number, now);
	const values = fields.data === undefined && fields.location === undefined ? fields : flattened(fields);
	// A sketch whose sensor finds no finger sends 0; nobody alive has a heart rate or a saturation of 0.
	return {
		kind: 'reading',
		deviceId,
		epoch: id ? id.epoch : null,
		sequence: id ? id.sequence : null,
		timestamp: timestamp ?? arrival.receivedAt,
		sourceTimestamp: timestamp === undefined && Number.isSafeInteger(stamp) ? (stamp as number) : null,
		undated: id !== undefined && timestamp === undefined,
		receivedAt: arrival.receivedAt,
		door: arrival.door,
		temperature: (values.temperature as number | null | undefined) ?? null,
		humidity: (values.humidity as number | null | undefined) ?? null,
		heart_rate: (values.heart_rate as number | null | undefined) || null,
		spo2: (values.spo2 as number | null | undefined) || null,
		battery_level: (values.battery_level as number | null | undefined) ?? null,
		latitude: (values.latitude as number | null | undefined) ?? null,
		longitude: (values.longitude as number | null | undefined) ?? null,
	};
}

/** The guide's nested shape as the flat one. */
function flattened(fields: { [name: string]: Json }): { [name: string]: Json } {
	const result = { ...fields };
	for (const name of quantityNames) {
		const nest = name === 'latitude' || name === 'longitude' ? 'location' : 'data';
		const nested = (fields[nest] as { [name: string]: Json } | undefined)?.[name];
		if (nested === undefined) continue;
		if (fields[name] !== undefined) throw new Refusal(`${name}: given twice, flat and in ${nest}`);
		result[name] = nested;
	}
	return result;
}

function message(
	arrival: Arrival,
	channel: Exclude<Channel, 'data'>,
	fields: { [name: string]: Json },
	deviceId: string,
	now: number,
): Message {
	const stamp = fields.timestamp;
	const alertId = channel === 'alert' ? ((fields.alert_id as string | undefined) ?? null) : null;
	const id = isAlertOfJournal(alertId) ? journalId('alert_id', alertId) : undefined;
	const timestamp = id
		? possible(stamp, now)
		: stamp === undefined
			? undefined
			: date(arrival.door, stamp as number, now);
	return {
		kind: 'message',
		deviceId,
		channel,
		timestamp: timestamp ?? arrival.receivedAt,
		undated: id !== undefined && stamp !== undefined && timestamp === undefined,
		receivedAt: arrival.receivedAt,
		door: arrival.door,
		alertId,
		epoch: id ? id.epoch : null,
		sequence: id ? id.sequence : null,
		...(id && timestamp !== undefined && { shortId: shortId(timestamp, id.sequence, fields.alert_type as string) }),
		...(channel === 'replies' && { reply: reply(fields) }),
		body: arrival.body.toString('utf8'),
	};
}

/** As the codec names an alert that came in short. */
function shortId(timestamp: number, sequence: number, type: string): string {
	const seconds = Math.floor(timestamp / 1000)
		.toString(16)
		.padStart(8, '0');
	return `${seconds}-s${sequence & 255}-${type}`;
}

/** What a short form's name says of its alert; undefined for any other name. */
export function shortAlertOf(
	alertId: string,
): { readonly second: number; readonly last: number; readonly type: string } | undefined {
	const [, seconds, last, type] = /^([0-9a-f]{8})-s(\d{1,3})-([a-z0-9_]+)$/.exec(alertId) ?? [];
	if (seconds === undefined) return undefined;
	return { second: Number.parseInt(seconds, 16) * 1000, last: Number(last), type: type! };
}

function reply({ command_id, status, detail }: { [name: string]: Json }): Reply {
	return {
		commandId: command_id as string,
		status: status as Reply['status'],
		detail: (detail as string | null | undefined) ?? null,
	};
}

function isId(id: Json | undefined, pattern: RegExp): id is string {
	return typeof id === 'string' && pattern.test(id);
}

/** Out of a journal, its own or the readings'. */
function isAlertOfJournal(id: Json | undefined): id is string {
	return isId(id, alertIdPattern) || isId(id, readingIdPattern);
}

function journalId(field: string, id: Json | undefined): { epoch: number; sequence: number } | undefined {
	if (typeof id !== 'string') return undefined;
	// Its form was checked: eight hexadecimal digits, "-", perhaps "a", digits.
	const sequence = Number(id.slice(id[9] === 'a' ? 10 : 9));
	if (sequence > 0xffff_ffff) throw new Refusal(`${field}: sequence ${sequence} is above 4294967295`);
	return { epoch: Number.parseInt(id.slice(0, 8), 16), sequence };
}

/**
 * When it was measured, in epoch ms; undefined where the stamp counts from a boot that nobody dated.
 * The guide's sketches send millis() on MQTT, epoch seconds or milliseconds over HTTP.
 */
function date(door: Door, stamp: number, now: number): number | undefined {
	if (stamp >= 1e12) return epochMilliseconds(stamp, now);
	if (door === 'http') {
		if (stamp < 1e9) return undefined;
		if (stamp <= 1e11) return epochMilliseconds(stamp * 1000, now);
	} else if (stamp <= 0xffff_ffff) return undefined;
	throw new Refusal(`timestamp: ${stamp} is neither an uptime nor epoch milliseconds`);
}

/** Epoch milliseconds, or undefined where that cannot be when it was measured. */
function possible(stamp: Json | undefined, now: number): number | undefined {
	return Number.isSafeInteger(stamp) && (stamp as number) >= earliest && (stamp as number) <= now + day
		? (stamp as number)
		: undefined;
}

function epochMilliseconds(stamp: number, now: number): number {
	if (stamp < earliest) throw new Refusal(`timestamp: ${stamp} is below ${earliest} (2020-01-01)`);
	const latest = now + day;
	if (stamp > latest) throw new Refusal(`timestamp: ${stamp} is above ${latest} (a day ahead of the server's clock)`);
	return stamp;
}
