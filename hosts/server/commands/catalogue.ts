import type { Json } from '../json';
import { type Quantity, quantities, violationOf } from '../schema';

type Thresholded = Extract<Quantity, 'temperature' | 'humidity' | 'heart_rate' | 'spo2' | 'battery_level'>;

/** What may be set of one quantity: an alert outside low and high, and when it changes faster than that. */
function thresholds(name: Thresholded) {
	const { minimum, maximum, description } = quantities[name];
	const bound = { type: 'number', minimum, maximum, description };
	return {
		type: 'object',
		minProperties: 1,
		additionalProperties: false,
		properties: {
			low: bound,
			high: bound,
			hysteresis: { type: 'number', minimum: 0, maximum: maximum - minimum, description },
			ratePerMinute: { type: 'number', exclusiveMinimum: 0, maximum: 1_000, description: `${description}, a minute` },
		},
	} as const;
}

const nothing = { type: 'object', additionalProperties: false, properties: {} } as const;

const seconds = {
	type: 'object',
	required: ['seconds'],
	additionalProperties: false,
	properties: { seconds: { type: 'integer', minimum: 1, maximum: 86_400 } },
} as const;

/** Every command a device knows, and its arguments: JSON Schema, the one source of what may be sent. */
export const catalogue = {
	set_interval: seconds,
	set_thresholds: {
		type: 'object',
		minProperties: 1,
		additionalProperties: false,
		properties: {
			temperature: thresholds('temperature'),
			humidity: thresholds('humidity'),
			heart_rate: thresholds('heart_rate'),
			spo2: thresholds('spo2'),
			battery_level: thresholds('battery_level'),
		},
	},
	set_mode: {
		type: 'object',
		required: ['mode'],
		additionalProperties: false,
		properties: { mode: { type: 'string', enum: ['always', 'sleep'] } },
	},
	send_diagnostics: nothing,
	read_now: nothing,
	sleep: seconds,
	restart: nothing,
	flush: nothing,
	clear_alerts: nothing,
} as const;

export type CommandName = keyof typeof catalogue;
export const commandNames = Object.keys(catalogue) as readonly CommandName[];

/** What is wrong with a command's arguments, naming the field and the bound, or undefined. */
export function argumentsViolation(command: CommandName, given: Json): string | undefined {
	const wrong = violationOf(envelope(command), { arguments: given });
	if (wrong !== undefined) return wrong;
	if (command !== 'set_thresholds') return undefined;
	for (const [name, { low, high }] of Object.entries(given as Record<string, { low?: number; high?: number }>))
		if (low !== undefined && high !== undefined && low >= high)
			return `arguments.${name}.low: ${low} is not below high, ${high}`;
	return undefined;
}

const envelopes = new Map<CommandName, object>();

/** Around the arguments, so that an error names them. */
function envelope(command: CommandName): object {
	let schema = envelopes.get(command);
	if (!schema) {
		schema = { type: 'object', properties: { arguments: catalogue[command] } };
		envelopes.set(command, schema);
	}
	return schema;
}
