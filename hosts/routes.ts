import type { ClientPart } from '../modules/mqtt/client';
import { MqttRoute } from '../modules/mqtt/route';
import type { Clock, Log, Route } from '../modules/ports';
import { type Settings, serverAddress } from '../src/settings';

export interface RouteParts {
	readonly settings: Settings;
	/** Writes the heartbeat that the broker sends when the device vanishes. */
	readonly will: () => string;
	readonly clock: Clock;
	readonly log: Log;
	/** The MQTT client of this host, with its resolver and its TLS socket. */
	readonly mqtt: ClientPart;
}

/**
 * The routes that the settings ask for, best first: the same on every host, which differ in the clients they hand in.
 * @throws Fault 'range' when the broker's address is not good
 */
export function makeRoutes({ settings, will, clock, log, mqtt }: RouteParts): readonly Route[] {
	if (settings.mqttUrl === '') return [];
	const { host, port } = serverAddress(settings, 'mqttUrl');
	return [
		new MqttRoute({
			mqtt,
			clock,
			log,
			host,
			port,
			deviceId: settings.deviceId,
			user: settings.mqttUser === '' ? undefined : settings.mqttUser,
			password: settings.mqttPassword === '' ? undefined : settings.mqttPassword,
			prefix: settings.topicPrefix,
			keepAlive: settings.mqttKeepAliveSeconds * 1000,
			connectTimeout: settings.connectTimeoutSeconds * 1000,
			receiptTimeout: settings.receiptTimeoutSeconds * 1000,
			window: settings.mqttWindow,
			will,
		}),
	];
}
