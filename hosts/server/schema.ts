import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv';
import type { Channel } from '../../modules/ports';
import { fieldName, type Json } from './json';

/** A body is read up to here (bytes); what is longer is refused unread. */
export const maximumBody = 16_384;

export const deviceIdPattern = /^[A-Za-z0-9_-][A-Za-z0-9_.-]{0,63}$/;
export const readingIdPattern = /^([0-9a-f]{8})-(0|[1-9][0-9]{0,9})$/;
/** A device's journal of alerts numbers for itself (src/alerts/FORMAT.md). */
export const alertIdPattern = /^([0-9a-f]{8})-a(0|[1-9][0-9]{0,9})$/;

/** A quantity may be null or absent: ArduinoJson writes null where a sensor gave NaN. */
const quantity = (minimum: number, maximum: number, description: string) => ({
	type: ['number', 'null'],
	minimum,
	maximum,
	description,
});

export const quantities = {
	temperature: quantity(-40, 125, 'degrees Celsius'),
	humidity: quantity(0, 100, 'per cent relative humidity'),
	heart_rate: quantity(0, 300, 'beats a minute; 0 means none'),
	spo2: quantity(0, 100, 'per cent; 0 means none'),
	battery_level: quantity(0, 100, 'per cent'),
	latitude: quantity(-90, 90, 'degrees north, WGS 84'),
	longitude: quantity(-180, 180, 'degrees east, WGS 84'),
} as const;

export type Quantity = keyof typeof quantities;
export const quantityNames = Object.keys(quantities) as readonly Quantity[];

const text = (maximum: number) => ({ type: 'string', minLength: 1, maxLength: maximum });
const deviceId = {
	type: 'string',
	pattern: deviceIdPattern.source,
	description: '1 to 64 letters, digits, "_", "-" or, not first, "."',
};
const timestamp = {
	type: 'integer',
	minimum: 0,
	description: 'epoch milliseconds; from a sketch also uptime or seconds',
};
const uptime = { type: 'number', minimum: 0, maximum: 2 ** 32, description: 'seconds since boot' };
const count = { type: 'integer', minimum: 0, maximum: Number.MAX_SAFE_INTEGER };
const { latitude, longitude, ...body } = quantities;

/** The messages of wire.md and of the guide's sketches, by channel: JSON Schema, the one source of what is taken. */
export const schemas = {
	data: {
		type: 'object',
		required: ['device_id', 'timestamp'],
		properties: {
			device_id: deviceId,
			timestamp,
			reading_id: {
				type: 'string',
				pattern: readingIdPattern.source,
				description: '8 hexadecimal digits, "-", a sequence number',
			},
			...quantities,
			// The guide's section 2 nests; its view reads flat keys. Both are taken.
			data: { type: 'object', properties: body },
			location: { type: 'object', properties: { latitude, longitude } },
		},
	},
	heartbeat: {
		type: 'object',
		required: ['device_id', 'status'],
		properties: { device_id: deviceId, status: text(32), timestamp, uptime, next_wake: timestamp },
	},
	alert: {
		type: 'object',
		required: ['device_id', 'alert_type', 'message'],
		properties: {
			device_id: deviceId,
			alert_type: text(64),
			message: { type: 'string', maxLength: 1024 },
			timestamp,
			priority: text(16),
			alert_id: text(64),
			value: { type: ['number', 'null'] },
			threshold: { type: ['number', 'null'] },
		},
	},
	diagnostics: {
		type: 'object',
		required: ['device_id'],
		properties: {
			device_id: deviceId,
			type: text(32),
			timestamp,
			wifi_rssi: { type: ['number', 'null'], minimum: -200, maximum: 100, description: 'dBm' },
			free_heap: count,
			uptime,
			reset_reason: { type: ['integer', 'string'], minimum: 0, maximum: 255, maxLength: 64 },
			chip_revision: { type: ['number', 'string'], minimum: 0, maximum: 65_535, maxLength: 64 },
			sdk_version: { type: 'string', maxLength: 128 },
			battery_level: quantities.battery_level,
			backlog: count,
			dropped: count,
		},
	},
	replies: {
		type: 'object',
		required: ['device_id', 'command_id', 'status'],
		properties: {
			device_id: deviceId,
			command_id: text(64),
			status: { type: 'string', enum: ['done', 'refused', 'failed'] },
			detail: { type: ['string', 'null'], maxLength: 1024 },
			timestamp,
		},
	},
} as const satisfies Record<Channel, object>;

/** Readings in one request, at most, and bytes of them. */
export const maximumBatch = 100;
export const maximumBatchBody = 65_536;

/** Around the measurements of a batch; each of them is then judged as a reading of its own. */
export const batchSchema = {
	type: 'object',
	required: ['device_id', 'measurements'],
	properties: {
		device_id: deviceId,
		batch_timestamp: { type: ['integer', 'null'], minimum: 0 },
		measurements: {
			type: 'array',
			maxItems: maximumBatch,
			description:
				"flat readings without device_id; timestamp also as ISO 8601 (2026-01-31T12:00:00Z), as the guide's model has it",
		},
		reading_ids: {
			type: 'array',
			maxItems: maximumBatch,
			description: 'one for each measurement, in the same order',
		},
		locations: {
			type: 'array',
			maxItems: maximumBatch,
			items: { type: ['array', 'null'], minItems: 2, maxItems: 2 },
			description: 'one for each measurement, in the same order: [latitude, longitude], or null',
		},
	},
} as const;

/** What is shown live and kept by nobody: the guide's `realtime_data`, and its `connection`. */
export const realtimeSchema = {
	type: 'object',
	required: ['device_id'],
	properties: {
		device_id: deviceId,
		timestamp: { type: ['integer', 'null'], minimum: 0 },
		heart_rate: quantities.heart_rate,
		spo2: quantities.spo2,
		temperature: quantities.temperature,
		battery_level: quantities.battery_level,
		data: { type: 'string', maxLength: 256 },
	},
} as const;

const ajv = new Ajv({ verbose: true, allowUnionTypes: true });
const compiled = new Map<object, ValidateFunction>();

/** What is wrong with a message, naming the field and the bound ("heart_rate: 900 is above 300"), or undefined. */
export function violation(channel: Channel, message: Json): string | undefined {
	return violationOf(schemas[channel], message);
}

/** The same for any schema; it is compiled when first needed: a server that starts must listen soon. */
export function violationOf(schema: object, message: Json): string | undefined {
	let validate = compiled.get(schema);
	if (!validate) {
		validate = ajv.compile(schema);
		compiled.set(schema, validate);
	}
	if (validate(message)) return undefined;
	return explain(validate.errors![0]!);
}

function explain(error: ErrorObject): string {
	const path = error.instancePath.split('/').slice(1);
	const field = fieldName(path);
	const shape = (error.parentSchema as { description?: string }).description;
	switch (error.keyword) {
		case 'required':
			return `${fieldName([...path, error.params.missingProperty])}: missing`;
		case 'minimum':
			return `${field}: ${error.data} is below ${error.params.limit}`;
		case 'maximum':
			return `${field}: ${error.data} is above ${error.params.limit}`;
		case 'minLength':
			return `${field}: must not be empty`;
		case 'maxLength':
			return `${field}: ${(error.data as string).length} characters, at most ${error.params.limit}`;
		case 'maxItems':
			return `${field}: ${(error.data as unknown[]).length}, at most ${error.params.limit}`;
		case 'minProperties':
			return `${field}: must not be empty`;
		case 'additionalProperties':
			return `${fieldName([...path, error.params.additionalProperty])}: not known here`;
		case 'exclusiveMinimum':
			return `${field}: ${error.data} must be above ${error.params.limit}`;
		case 'enum':
			return `${field}: must be ${error.params.allowedValues.join(', ')}`;
		case 'pattern':
			return `${field}: must be ${shape}`;
		case 'type':
			if (typeof error.data === 'number' && error.params.type === 'integer')
				return `${field}: ${error.data} is not a whole number`;
			return `${field}: must be ${kinds(error.params.type)}, not ${kindOf(error.data)}`;
		default:
			return `${field}: ${error.message}`;
	}
}

function kinds(types: string | readonly string[]): string {
	const names = typeof types === 'string' ? types.split(',') : types;
	return names.map((name) => articles[name] ?? name).join(' or ');
}

const articles: Readonly<Record<string, string>> = {
	number: 'a number',
	integer: 'a whole number',
	string: 'a string',
	object: 'an object',
	boolean: 'a boolean',
	array: 'an array',
};

function kindOf(value: unknown): string {
	if (value === null) return 'null';
	return articles[Array.isArray(value) ? 'array' : typeof value]!;
}
