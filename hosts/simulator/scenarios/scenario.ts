import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Ajv, type JSONSchemaType } from 'ajv';
import type { RegionName } from '../radio/region';
import { regions } from '../radio/regions';

/** How the way to one door of the server is. */
export type Weather =
	| { readonly is: 'good' }
	/** Nobody listens; what was connected is reset. */
	| { readonly is: 'refused' }
	/** What is connected is reset, once; the next connection is good. */
	| { readonly is: 'reset' }
	/** Half-open: accepted, and then nothing passes, nor is anybody told. */
	| { readonly is: 'silent' }
	/** Every piece takes so much longer. */
	| { readonly is: 'slow'; readonly milliseconds: number }
	/** Each connection is reset in the middle of a message. */
	| { readonly is: 'torn' }
	/** TLS with a certificate that no device trusts: a captive portal, an impostor. */
	| { readonly is: 'stranger' }
	/** HTTP and WebSocket: this status to whatever is asked. */
	| { readonly is: 'status'; readonly status: number; readonly retryAfter?: number }
	/** The server has it, and its answer gets lost with the connection. */
	| { readonly is: 'lost receipts'; readonly chance: number }
	/** MQTT: every PUBACK comes twice. */
	| { readonly is: 'double receipts' };

export type Door = 'mqtt' | 'http' | 'websocket';

/** At a moment, something happens. Seconds from the start; with `until` it is undone then. */
export type Step = { readonly at: number; readonly until?: number; readonly note?: string } & (
	| { readonly doors: readonly Door[]; readonly weather: Weather }
	/** The access point is out of reach. */
	| { readonly wifi: 'gone' }
	/** Names do not resolve. */
	| { readonly names: 'gone' }
	/** The sensor sees no finger: no heart rate, no SpO2. */
	| { readonly finger: 'off' }
	/** The person's temperature. */
	| { readonly fever: number }
	/** What the board's clock says: epoch milliseconds, or so many more or less than now. */
	| { readonly clock: { readonly set: number } | { readonly jump: number } }
	/** Off and on again, in the middle of whatever it did. */
	| { readonly power: 'cut' }
	/** LoRaWAN: how far the gateway is. */
	| { readonly kilometres: number }
	/** A command to the device, by the server's own door for operators. */
	| { readonly command: string; readonly arguments?: Readonly<Record<string, unknown>> }
);

/** A play for `npm start -- --scenario NAME|FILE`. */
export interface Scenario {
	readonly name: string;
	/** One line for `--help`. */
	readonly description: string;
	/** Seconds it takes unless `--for` says. */
	readonly for: number;
	/** Seconds between readings unless `--interval` says. */
	readonly interval?: number;
	/** Settings of the firmware, under those of `--set`. */
	readonly settings?: Readonly<Record<string, unknown>>;
	/** There is LoRaWAN, and the boards have radios. */
	readonly lora?: { readonly region: RegionName; readonly kilometres: number };
	readonly steps: readonly Step[];
}

const weather = (is: string, more: Record<string, unknown> = {}, required: string[] = []): object => ({
	type: 'object',
	properties: { is: { const: is }, ...more },
	required: ['is', ...required],
	additionalProperties: false,
});

const step = (more: Record<string, unknown>, required: string[]): object => ({
	type: 'object',
	properties: {
		at: { type: 'number', minimum: 0, maximum: 2_000_000 },
		until: { type: 'number', minimum: 0, maximum: 2_000_000 },
		note: { type: 'string', maxLength: 200 },
		...more,
	},
	required: ['at', ...required],
	additionalProperties: false,
});

const kilometres = { type: 'number', exclusiveMinimum: 0, maximum: 1_000 };

const schema = {
	type: 'object',
	properties: {
		name: { type: 'string', pattern: '^[a-z0-9-]{1,40}$' },
		description: { type: 'string', minLength: 1, maxLength: 200 },
		for: { type: 'number', minimum: 1, maximum: 2_000_000 },
		interval: { type: 'number', minimum: 0.05, maximum: 86_400 },
		settings: { type: 'object' },
		lora: {
			type: 'object',
			properties: { region: { enum: Object.keys(regions) }, kilometres },
			required: ['region', 'kilometres'],
			additionalProperties: false,
		},
		steps: {
			type: 'array',
			maxItems: 1_000,
			items: {
				anyOf: [
					step(
						{
							doors: { type: 'array', minItems: 1, items: { enum: ['mqtt', 'http', 'websocket'] } },
							weather: {
								anyOf: [
									...['good', 'refused', 'reset', 'silent', 'torn', 'stranger', 'double receipts'].map((is) =>
										weather(is),
									),
									weather('slow', { milliseconds: { type: 'number', minimum: 1, maximum: 60_000 } }, ['milliseconds']),
									weather(
										'status',
										{
											status: { type: 'integer', minimum: 300, maximum: 599 },
											retryAfter: { type: 'integer', minimum: 0, maximum: 3_600 },
										},
										['status'],
									),
									weather('lost receipts', { chance: { type: 'number', minimum: 0, maximum: 1 } }, ['chance']),
								],
							},
						},
						['doors', 'weather'],
					),
					step({ wifi: { const: 'gone' } }, ['wifi']),
					step({ names: { const: 'gone' } }, ['names']),
					step({ finger: { const: 'off' } }, ['finger']),
					step({ fever: { type: 'number', minimum: 30, maximum: 43 } }, ['fever']),
					step(
						{
							clock: {
								anyOf: [
									{
										type: 'object',
										properties: { set: { type: 'number' } },
										required: ['set'],
										additionalProperties: false,
									},
									{
										type: 'object',
										properties: { jump: { type: 'number' } },
										required: ['jump'],
										additionalProperties: false,
									},
								],
							},
						},
						['clock'],
					),
					step({ power: { const: 'cut' } }, ['power']),
					step({ kilometres }, ['kilometres']),
					step({ command: { type: 'string', maxLength: 64 }, arguments: { type: 'object' } }, ['command']),
				],
			},
		},
	},
	required: ['name', 'description', 'for', 'steps'],
	additionalProperties: false,
};

const check = new Ajv({ allErrors: false, strict: false }).compile(schema as unknown as JSONSchemaType<Scenario>);

const folder = fileURLToPath(new URL('./named', import.meta.url));

/** @throws Error that names the field and what it must be */
export function parseScenario(text: string): Scenario {
	let value: unknown;
	try {
		value = JSON.parse(text);
	} catch (error) {
		throw new Error(`not JSON: ${(error as Error).message}`);
	}
	if (!check(value)) {
		const [error] = check.errors ?? [];
		throw new Error(`${error?.instancePath || 'it'} ${error?.message ?? 'is no scenario'}`);
	}
	for (const [index, { at, until }] of value.steps.entries())
		if (until !== undefined && until <= at) throw new Error(`/steps/${index}/until ${until} is not after ${at}`);
	return value;
}

/** The scenarios that are shipped, by name. */
export function namedScenarios(): Scenario[] {
	return readdirSync(folder)
		.filter((file) => file.endsWith('.json'))
		.sort()
		.map((file) => parseScenario(readFileSync(join(folder, file), 'utf8')));
}

/**
 * A shipped scenario by its name, or one from a file.
 * @throws Error that names the file and what is wrong
 */
export function loadScenario(nameOrFile: string): Scenario {
	const named = namedScenarios().find(({ name }) => name === nameOrFile);
	if (named) return named;
	let text: string;
	try {
		text = readFileSync(nameOrFile, 'utf8');
	} catch {
		const names = namedScenarios().map(({ name }) => name);
		throw new Error(`${nameOrFile}: no such file, nor one of ${names.join(', ')}`);
	}
	try {
		return parseScenario(text);
	} catch (error) {
		throw new Error(`${nameOrFile}: ${(error as Error).message}`);
	}
}
