import { Fault } from '../modules/fault';
import type { LogLevel } from '../modules/ports';
import { parseThresholds } from './alerts/thresholds';
import type { Language } from './alerts/words';

/** What the firmware can be told. Every value is checked before any is taken. */
export interface Settings {
	readonly deviceId: string;
	readonly topicPrefix: string;
	readonly dataIntervalSeconds: number;
	readonly heartbeatIntervalSeconds: number;
	readonly mode: 'always' | 'sleep';
	readonly deliverEvery: number;
	readonly awakeCapSeconds: number;
	readonly batteryLowPercent: number;
	readonly batteryLowFactor: number;
	readonly language: Language;
	readonly thresholds: string;
	readonly alertReadings: number;
	readonly alertSeconds: number;
	readonly alertLostReadings: number;
	readonly alertStoragePercent: number;
	readonly diagnosticsIntervalSeconds: number;
	/** '': as the host sees fit. */
	readonly logLevel: LogLevel | '';
	readonly mqttUrl: string;
	readonly mqttUser: string;
	readonly mqttPassword: string;
	readonly httpUrl: string;
	readonly webSocketUrl: string;
	readonly deviceSecret: string;
	readonly serverCa: string;
	readonly mqttKeepAliveSeconds: number;
	readonly mqttWindow: number;
	readonly batchLimit: number;
	readonly connectTimeoutSeconds: number;
	readonly receiptTimeoutSeconds: number;
	readonly failoverSeconds: number;
	readonly backoffMinimumSeconds: number;
	readonly backoffMaximumSeconds: number;
	readonly reconnectSpreadSeconds: number;
	readonly loraDevEui: string;
	readonly loraJoinEui: string;
	readonly loraAppKey: string;
	readonly loraAfterSeconds: number;
}

interface NumberRule {
	readonly kind: 'number';
	readonly fallback: number;
	readonly minimum: number;
	readonly maximum: number;
	readonly whole: boolean;
	readonly help: string;
}

interface TextRule {
	readonly kind: 'text';
	readonly fallback: string;
	readonly maximumLength: number;
	/** Made when it is used: XS 17.9 spoils its heap with a preloaded RegExp (fxAllocateRegExpData takes malloc's for a chunk). */
	readonly pattern?: () => RegExp;
	readonly shape?: string;
	/** It is one of these. */
	readonly words?: readonly string[];
	/** Throws a Fault that says what is wrong. */
	readonly check?: (value: string) => void;
	readonly secret?: boolean;
	readonly help: string;
}

export type SettingRule = NumberRule | TextRule;

const seconds = (fallback: number, minimum: number, maximum: number, help: string): NumberRule =>
	Object.freeze({ kind: 'number', fallback, minimum, maximum, whole: false, help });

const whole = (fallback: number, minimum: number, maximum: number, help: string): NumberRule =>
	Object.freeze({ kind: 'number', fallback, minimum, maximum, whole: true, help });

const text = (rule: Omit<TextRule, 'kind'>): TextRule => Object.freeze({ kind: 'text', ...rule });

/** Every setting: its default, its bounds, what it is for. The defaults are the guide's. */
export const settingRules: { readonly [Name in keyof Settings]: SettingRule } = Object.freeze({
	deviceId: text({
		fallback: 'ESP32_001',
		maximumLength: 64,
		// Not a dot first: "." and ".." are no names in a path.
		pattern: () => /^[A-Za-z0-9_-][A-Za-z0-9_.-]*$/,
		shape: 'letters, digits, "_", "-" and, not first, "."',
		help: 'the name of this device at the server',
	}),
	topicPrefix: text({
		fallback: 'fajma/esp32',
		maximumLength: 128,
		pattern: () => /^[^\s/#+]+(\/[^\s/#+]+)*$/,
		shape: 'words joined by "/", without "#", "+" or spaces',
		help: 'what every MQTT topic begins with',
	}),
	dataIntervalSeconds: seconds(30, 0.05, 86_400, 'from one reading to the next'),
	heartbeatIntervalSeconds: seconds(300, 1, 86_400, 'from one heartbeat to the next'),
	mode: text({
		fallback: 'always',
		maximumLength: 6,
		words: Object.freeze(['always', 'sleep']),
		shape: '"always" or "sleep"',
		help: 'always on; or deep sleep from one reading to the next',
	}),
	deliverEvery: whole(12, 1, 1_000, 'mode sleep: readings from one delivery to the next; the radio is off in between'),
	awakeCapSeconds: seconds(30, 5, 600, 'mode sleep: the longest that a waking may take; what is not delivered is kept'),
	batteryLowPercent: whole(15, 0, 100, 'mode sleep: below this charge the battery is spared'),
	batteryLowFactor: whole(4, 1, 100, 'mode sleep: how much longer the interval is while the battery is spared'),
	language: text({
		fallback: 'fr',
		maximumLength: 2,
		words: Object.freeze(['en', 'fr']),
		shape: '"en" or "fr"',
		help: 'what alerts and reports are written in',
	}),
	thresholds: text({
		fallback: '',
		maximumLength: 1_024,
		shape: 'JSON as {"heart_rate":{"low":45,"high":120,"hysteresis":5,"ratePerMinute":40}}; null: none',
		check: (value) => {
			parseThresholds(value);
		},
		help: 'what alerts, over the defaults (src/alerts/quantities.ts)',
	}),
	alertReadings: whole(2, 1, 20, 'an alert once its threshold was crossed in so many readings in a row'),
	alertSeconds: seconds(60, 0, 3_600, 'or for so long, whichever comes first'),
	alertLostReadings: whole(5, 0, 250, 'an alert once a quantity was missing in so many readings; 0: none'),
	alertStoragePercent: whole(80, 0, 100, 'an alert once the journal is so full; 0: none'),
	diagnosticsIntervalSeconds: seconds(3_600, 0, 86_400, 'from one diagnostics message to the next; 0: on command only'),
	logLevel: text({
		fallback: '',
		maximumLength: 7,
		words: Object.freeze(['', 'error', 'warning', 'info', 'debug']),
		shape: '"error", "warning", "info", "debug", or empty: as the host sees fit',
		help: 'how much the log tells',
	}),
	mqttUrl: text({
		fallback: '',
		maximumLength: 270,
		pattern: () => /^(mqtts:\/\/[A-Za-z0-9.-]{1,253}(:[0-9]{1,5})?)?$/,
		shape: 'mqtts://HOST or mqtts://HOST:PORT (TLS always; port 8883 unless said)',
		help: 'the broker',
	}),
	mqttUser: text({ fallback: '', maximumLength: 128, help: 'the user name at the broker' }),
	mqttPassword: text({ fallback: '', maximumLength: 256, secret: true, help: 'the password at the broker' }),
	httpUrl: text({
		fallback: '',
		maximumLength: 270,
		pattern: () => /^(https:\/\/[A-Za-z0-9.-]{1,253}(:[0-9]{1,5})?)?$/,
		shape: 'https://HOST or https://HOST:PORT (TLS always; port 443 unless said)',
		help: 'the server for POST /api/iot/…',
	}),
	webSocketUrl: text({
		fallback: '',
		maximumLength: 270,
		pattern: () => /^(wss:\/\/[A-Za-z0-9.-]{1,253}(:[0-9]{1,5})?)?$/,
		shape: 'wss://HOST or wss://HOST:PORT (TLS always; port 443 unless said)',
		help: 'the server for /ws/iot/DEVICE/, live each second while there is a heart rate',
	}),
	deviceSecret: text({
		fallback: '',
		maximumLength: 256,
		pattern: () => /^(.{32,})?$/,
		shape: 'empty, or 32 to 256 characters',
		secret: true,
		help: 'the key that signs this device’s tokens for HTTP and WebSocket',
	}),
	serverCa: text({
		fallback: '',
		maximumLength: 16_384,
		pattern: () => /^(|\s*-----BEGIN CERTIFICATE-----[\s\S]*-----END CERTIFICATE-----\s*)$/,
		shape: 'a PEM certificate',
		help: 'the certificate authority that must have signed the servers’ certificates, PEM',
	}),
	mqttKeepAliveSeconds: whole(60, 5, 3_600, 'how long the connection may be silent'),
	mqttWindow: whole(16, 1, 64, 'readings in flight before the first receipt must come'),
	batchLimit: whole(30, 1, 50, 'readings in one HTTP request, at most'),
	connectTimeoutSeconds: seconds(15, 1, 120, 'for name, TCP, TLS and MQTT together'),
	receiptTimeoutSeconds: seconds(20, 1, 300, 'how long a receipt may take before the connection counts as dead'),
	failoverSeconds: seconds(5, 1, 60, 'how long a receipt or a connection may take before the next route carries too'),
	backoffMinimumSeconds: seconds(1, 0.1, 60, 'the first wait after a failure, at most'),
	backoffMaximumSeconds: seconds(300, 1, 3_600, 'the longest wait between two tries'),
	reconnectSpreadSeconds: seconds(
		30,
		0,
		3_600,
		'a server that restarts loses all of its devices at once: over how long they come back',
	),
	loraDevEui: text({
		fallback: '',
		maximumLength: 16,
		pattern: () => /^([0-9A-Fa-f]{16})?$/,
		shape: 'empty, or 16 hexadecimal digits',
		help: 'LoRaWAN, where the board has a radio: the DevEUI; empty: no LoRaWAN',
	}),
	loraJoinEui: text({
		fallback: '0000000000000000',
		maximumLength: 16,
		pattern: () => /^[0-9A-Fa-f]{16}$/,
		shape: '16 hexadecimal digits',
		help: 'LoRaWAN: the JoinEUI, which was the AppEUI',
	}),
	loraAppKey: text({
		fallback: '',
		maximumLength: 32,
		pattern: () => /^([0-9A-Fa-f]{32})?$/,
		shape: 'empty, or 32 hexadecimal digits',
		secret: true,
		help: 'LoRaWAN: the AppKey',
	}),
	loraAfterSeconds: seconds(60, 0, 86_400, 'LoRaWAN: how long there is no network before it is used'),
});

/** A boot takes as much charge as a tenth of a second awake: sleep must be well longer than that to be worth it. */
const SHORTEST_SLEEP_SECONDS = 1;

export const settingNames = Object.freeze(Object.keys(settingRules)) as readonly (keyof Settings)[];

/**
 * Turns values from outside (NVS, a file, the command line) into settings.
 * @param given an object with any of the settings; numbers may come as decimal text.
 * @throws Fault 'range' that names the setting and its bound; nothing is taken then.
 */
export function makeSettings(given: unknown): Settings {
	if (given === undefined) given = {};
	if (typeof given !== 'object' || given === null || Array.isArray(given))
		throw new Fault('malformed', 'settings: not an object');
	const values = given as Record<string, unknown>;
	for (const name of Object.keys(values))
		if (!Object.hasOwn(settingRules, name)) throw new Fault('range', `${name}: no such setting`);
	const result: Record<string, string | number> = {};
	for (const name of settingNames) {
		const rule = settingRules[name];
		const value = Object.hasOwn(values, name) ? values[name] : undefined;
		result[name] =
			value === undefined
				? rule.fallback
				: rule.kind === 'number'
					? checkNumber(name, rule, value)
					: checkText(name, rule, value);
	}
	const settings = result as unknown as Settings;
	if (settings.backoffMaximumSeconds < settings.backoffMinimumSeconds)
		throw new Fault(
			'range',
			`backoffMaximumSeconds: ${settings.backoffMaximumSeconds} is below backoffMinimumSeconds (${settings.backoffMinimumSeconds})`,
		);
	if (settings.loraDevEui !== '' && settings.loraAppKey === '')
		throw new Fault('range', 'loraAppKey: not set, and loraDevEui is');
	if (settings.mode === 'sleep' && settings.dataIntervalSeconds < SHORTEST_SLEEP_SECONDS)
		throw new Fault(
			'range',
			`dataIntervalSeconds: ${settings.dataIntervalSeconds} is below ${SHORTEST_SLEEP_SECONDS}, the least with mode sleep`,
		);
	return Object.freeze(settings);
}

function checkNumber(name: string, rule: NumberRule, value: unknown): number {
	const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
	if (typeof number !== 'number' || !Number.isFinite(number)) throw new Fault('range', `${name}: not a number`);
	if (rule.whole && !Number.isInteger(number)) throw new Fault('range', `${name}: ${number} is not a whole number`);
	if (number < rule.minimum) throw new Fault('range', `${name}: ${number} is below ${rule.minimum}`);
	if (number > rule.maximum) throw new Fault('range', `${name}: ${number} is above ${rule.maximum}`);
	return number;
}

function checkText(name: string, rule: TextRule, value: unknown): string {
	if (typeof value !== 'string') throw new Fault('range', `${name}: not a text`);
	if (value.length > rule.maximumLength)
		throw new Fault('range', `${name}: ${value.length} characters, at most ${rule.maximumLength}`);
	// A NUL ends a C string: what the log shows and what the broker gets would differ.
	if (value.includes('\0')) throw new Fault('range', `${name}: holds a NUL character`);
	if (rule.words && !rule.words.includes(value)) throw new Fault('range', `${name}: must be ${rule.shape}`);
	if (rule.pattern && !rule.pattern().test(value)) throw new Fault('range', `${name}: must be ${rule.shape}`);
	try {
		rule.check?.(value);
	} catch (thrown) {
		throw new Fault('range', `${name}: ${Fault.from(thrown, 'malformed').message}`);
	}
	return value;
}

const DEFAULT_PORTS = Object.freeze({ mqttUrl: 8883, httpUrl: 443, webSocketUrl: 443 });

/**
 * The host and port that a URL of the settings names.
 * @throws Fault 'range' when it is not set or its port is not 1 to 65535.
 */
export function serverAddress(settings: Settings, name: keyof typeof DEFAULT_PORTS): { host: string; port: number } {
	const url = settings[name];
	if (url === '') throw new Fault('range', `${name}: not set`);
	const [host, port] = url.slice(url.indexOf('//') + 2).split(':') as [string, string | undefined];
	const number = port === undefined ? DEFAULT_PORTS[name] : Number(port);
	if (number < 1 || number > 65_535) throw new Fault('range', `${name}: port ${number} is not within 1 to 65535`);
	return { host, port: number };
}
