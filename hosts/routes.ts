import type { HttpPart } from '../modules/http/client';
import { HttpRoute } from '../modules/http/route';
import { TokenSource } from '../modules/jwt/jwt';
import type { ClientPart } from '../modules/mqtt/client';
import { MqttRoute } from '../modules/mqtt/route';
import type { Clock, Log, Random32, Route } from '../modules/ports';
import type { WebSocketPart } from '../modules/websocket/client';
import { WebSocketRoute } from '../modules/websocket/route';
import { type Settings, serverAddress } from '../src/settings';

export interface RouteParts {
	readonly settings: Settings;
	/** Writes the heartbeat that the broker sends when the device vanishes. */
	readonly will: () => string;
	/** What time-outs run on. */
	readonly clock: Clock;
	/** What knows the time, for tokens. */
	readonly time: Clock;
	readonly random32: Random32;
	readonly log: Log;
	/** Is told the Date of each answer, with the ticks of `clock` when it was asked for and came (Timekeeper.serverDate). */
	readonly onDate?: ((text: string, askedAt: number, answeredAt: number) => void) | undefined;
	/** The clients of this host, each with its resolver and its TLS socket. Asked for only where the settings want one. */
	readonly mqtt: () => ClientPart;
	readonly http: () => HttpPart;
	readonly webSocket: () => WebSocketPart;
	/** The one over a radio, where there is one. */
	readonly lora?: Route | undefined;
}

/**
 * The routes that the settings ask for, best first: the same on every host, which differ in the clients they hand in. WebSocket
 * and HTTP need a server and the secret that signs the device's tokens. Behind them all is the radio, which is for when there is
 * no network.
 * @throws Fault 'range' when a server's address is not good
 */
export function makeRoutes(parts: RouteParts): readonly Route[] {
	const { settings } = parts;
	const routes: Route[] = [];
	if (settings.webSocketUrl !== '' && settings.deviceSecret !== '') routes.push(webSocketRoute(parts));
	if (settings.mqttUrl !== '') routes.push(mqttRoute(parts));
	if (settings.httpUrl !== '' && settings.deviceSecret !== '') routes.push(httpRoute(parts));
	if (parts.lora) routes.push(parts.lora);
	return routes;
}

function webSocketRoute({ settings, clock, time, random32, log, webSocket }: RouteParts): WebSocketRoute {
	const { deviceId, deviceSecret } = settings;
	return new WebSocketRoute({
		webSocket: webSocket(),
		clock,
		log,
		...serverAddress(settings, 'webSocketUrl'),
		deviceId,
		tokens: new TokenSource({ clock: time, deviceId, secret: deviceSecret, random32 }),
		connectTimeout: settings.connectTimeoutSeconds * 1000,
		receiptTimeout: settings.receiptTimeoutSeconds * 1000,
	});
}

function mqttRoute({ settings, will, clock, log, mqtt }: RouteParts): MqttRoute {
	return new MqttRoute({
		mqtt: mqtt(),
		clock,
		log,
		...serverAddress(settings, 'mqttUrl'),
		deviceId: settings.deviceId,
		user: settings.mqttUser === '' ? undefined : settings.mqttUser,
		password: settings.mqttPassword === '' ? undefined : settings.mqttPassword,
		prefix: settings.topicPrefix,
		keepAlive: settings.mqttKeepAliveSeconds * 1000,
		connectTimeout: settings.connectTimeoutSeconds * 1000,
		receiptTimeout: settings.receiptTimeoutSeconds * 1000,
		window: settings.mqttWindow,
		will,
	});
}

function httpRoute({ settings, clock, time, random32, log, onDate, http }: RouteParts): HttpRoute {
	const { deviceId, deviceSecret } = settings;
	return new HttpRoute({
		http: http(),
		clock,
		log,
		...serverAddress(settings, 'httpUrl'),
		deviceId,
		tokens: new TokenSource({ clock: time, deviceId, secret: deviceSecret, random32 }),
		connectTimeout: settings.connectTimeoutSeconds * 1000,
		receiptTimeout: settings.receiptTimeoutSeconds * 1000,
		batchLimit: settings.batchLimit,
		onDate,
	});
}
