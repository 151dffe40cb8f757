/**
 * What a device is told: settings and networks, from NVS over what was compiled in. Secrets come from NVS only; an image that
 * holds one does not start.
 */
import { Fault } from '../../modules/fault';
import type { KeyValue, Log } from '../../modules/ports';
import { checkNetworks, type Network } from '../../modules/wifi/networks';
import { makeSettings, type Settings, settingNames, settingRules } from '../../src/settings';

/** The key in NVS of each setting: 15 characters at most, never changed once devices have them. */
export const settingKeys: { readonly [Name in keyof Settings]: string } = Object.freeze({
	deviceId: 'device.id',
	topicPrefix: 'topic.prefix',
	dataIntervalSeconds: 'data.interval',
	heartbeatIntervalSeconds: 'heart.interval',
	mode: 'mode',
	deliverEvery: 'deliver.every',
	awakeCapSeconds: 'awake.cap',
	batteryLowPercent: 'battery.low',
	batteryLowFactor: 'battery.factor',
	language: 'language',
	thresholds: 'thresholds',
	alertReadings: 'alert.readings',
	alertSeconds: 'alert.seconds',
	alertLostReadings: 'alert.lost',
	alertStoragePercent: 'alert.storage',
	diagnosticsIntervalSeconds: 'diag.interval',
	logLevel: 'log.level',
	mqttUrl: 'mqtt.url',
	mqttUser: 'mqtt.user',
	mqttPassword: 'mqtt.password',
	httpUrl: 'http.url',
	webSocketUrl: 'websocket.url',
	deviceSecret: 'device.secret',
	serverCa: 'server.ca',
	mqttKeepAliveSeconds: 'mqtt.keepalive',
	mqttWindow: 'mqtt.window',
	batchLimit: 'batch.limit',
	connectTimeoutSeconds: 'connect.limit',
	receiptTimeoutSeconds: 'receipt.limit',
	failoverSeconds: 'failover.limit',
	backoffMinimumSeconds: 'backoff.min',
	backoffMaximumSeconds: 'backoff.max',
	reconnectSpreadSeconds: 'backoff.spread',
	loraDevEui: 'lora.dev.eui',
	loraJoinEui: 'lora.join.eui',
	loraAppKey: 'lora.app.key',
	loraAfterSeconds: 'lora.after',
});

/** Networks 0 to 3 are tried in this order: "wifi.0.ssid", "wifi.0.key". */
export const NETWORKS = 4;

type Reader = Pick<KeyValue, 'read'>;

/**
 * Settings that were given to mcconfig (`mqttUrl=mqtts://…`).
 * @throws Fault 'misuse' for a secret
 */
export function compiledSettings(config: object): Record<string, unknown> {
	const compiled: Record<string, unknown> = {};
	for (const name of settingNames) {
		if (!Object.hasOwn(config, name)) continue;
		const rule = settingRules[name];
		if (rule.kind === 'text' && rule.secret)
			throw new Fault('misuse', `${name} is a secret: it is for NVS, not for an image`);
		compiled[name] = (config as Record<string, unknown>)[name];
	}
	return compiled;
}

/**
 * What NVS says over what was compiled in. A value that cannot be, alone or with the others, is left out and said: a device with
 * the default back-off is better than none.
 */
export function readSettings(store: Reader, compiled: Record<string, unknown>, log: Log): Record<string, unknown> {
	const found: [name: string, value: string][] = [];
	for (const name of settingNames) {
		try {
			const value = store.read(settingKeys[name]);
			if (value !== undefined) found.push([name, value]);
		} catch (thrown) {
			log('error', 'settings', `${Fault.from(thrown, 'flash').message}: not taken`);
		}
	}
	const all = { ...compiled, ...Object.fromEntries(found) };
	try {
		makeSettings(all);
		return all;
	} catch {
		return takeGood(found, compiled, log);
	}
}

function takeGood(
	found: readonly [name: string, value: string][],
	compiled: Record<string, unknown>,
	log: Log,
): Record<string, unknown> {
	let taken = compiled;
	for (const [name, value] of found) {
		const more = { ...taken, [name]: value };
		try {
			makeSettings(more);
			taken = more;
		} catch (thrown) {
			log('error', 'settings', `${Fault.from(thrown, 'range').message}: not taken`);
		}
	}
	return taken;
}

/** The networks of NVS, those that can be. */
export function readNetworks(store: Reader, log: Log): Network[] {
	const networks: Network[] = [];
	for (let index = 0; index < NETWORKS; index++) {
		try {
			const SSID = store.read(`wifi.${index}.ssid`);
			if (SSID === undefined) continue;
			const network = { SSID, password: store.read(`wifi.${index}.key`) };
			checkNetworks([network]);
			networks.push(network);
		} catch (thrown) {
			log('error', 'settings', `wifi.${index}: ${Fault.from(thrown, 'flash').message}: not taken`);
		}
	}
	return networks;
}
