import type { Json } from '../json';
import { type Arrival, parseBody, Refusal } from '../message';
import { batchSchema, maximumBatchBody, violationOf } from '../schema';

export interface Batch {
	/** One for each measurement, in their order. */
	readonly arrivals: readonly Arrival[];
	/** What the device calls them; undefined where it numbers nothing (the guide's sketch). */
	readonly ids: readonly Json[] | undefined;
}

type Fields = { [name: string]: Json };

interface Lists {
	measurements: Json[];
	reading_ids?: Json[];
	/** Latitude and longitude, which the guide's model lacks. */
	locations?: ([Json, Json] | null)[];
}

// Date.parse takes much that is no ISO 8601; Python's isoformat() writes six digits, and +00:00.
const iso = /^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?(Z|[+-][0-9]{2}:[0-9]{2})$/;

/**
 * The readings of a batch, each as if it had come alone. What is wrong with one of them is for `ingest` to say.
 * @throws Refusal when the whole is malformed
 */
export function openBatch(whole: Arrival): Batch {
	const json = parseBody(whole.body, maximumBatchBody);
	const wrong = violationOf(batchSchema, json);
	if (wrong !== undefined) throw new Refusal(wrong, /, at most [0-9]+$/.test(wrong) ? 'tooLong' : 'malformed');
	const { device_id, measurements, reading_ids, locations } = json as Fields & Lists;
	if (device_id !== whole.deviceId)
		throw new Refusal(`device_id: ${device_id} is not ${whole.deviceId}, who sent it`, 'foreign');
	for (const [name, list] of Object.entries({ reading_ids, locations }))
		if (list && list.length !== measurements.length)
			throw new Refusal(`${name}: ${list.length}, for ${measurements.length} measurements`, 'malformed');
	const arrivals = measurements.map((measurement, index) => {
		const fields = asReading(measurement, device_id as string, reading_ids?.[index], locations?.[index]);
		return new Measurement(whole, fields);
	});
	return { arrivals, ids: reading_ids };
}

function asReading(measurement: Json, deviceId: string, id: Json | undefined, place?: [Json, Json] | null): Json {
	if (typeof measurement !== 'object' || measurement === null || Array.isArray(measurement)) return measurement;
	const { timestamp } = measurement;
	const time = typeof timestamp === 'string' && iso.test(timestamp) ? Date.parse(timestamp) : Number.NaN;
	return {
		device_id: deviceId,
		...measurement,
		...(place && { latitude: place[0], longitude: place[1] }),
		...(id !== undefined && { reading_id: id }),
		...(!Number.isNaN(time) && { timestamp: time }),
	};
}

/** One of a batch. Its bytes are made only where it is refused, for the quarantine. */
class Measurement implements Arrival {
	readonly door = 'http';
	readonly channel = 'data';
	readonly deviceId: string | undefined;
	readonly receivedAt: number;
	readonly json: Json;

	constructor({ deviceId, receivedAt }: Arrival, json: Json) {
		this.deviceId = deviceId;
		this.receivedAt = receivedAt;
		this.json = json;
	}

	get body(): Buffer {
		return Buffer.from(JSON.stringify(this.json));
	}
}
