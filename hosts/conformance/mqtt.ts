import { randomBytes } from 'node:crypto';
import { connect as connectTo, type IClientOptions, type MqttClient } from 'mqtt';
import { type Clause, clauseMaker, type Finding, type Identity, within } from './clause';
import { reading } from './samples';

interface Connection {
	readonly client: MqttClient;
	readonly sessionPresent: boolean;
}

/** The clauses of the broker at `mqtts://HOST:PORT`, with the guide's topics under `prefix`. */
export function mqttClauses(url: string, identity: Identity, prefix = 'fajma/esp32'): Clause[] {
	const { deviceId, ca, mqttUser, mqttPassword, timeout } = identity;
	const clause = clauseMaker('mqtt');

	const connect = (more: IClientOptions = {}): Promise<Connection> =>
		new Promise((resolve, reject) => {
			const client = connectTo(url, {
				clientId: deviceId,
				clean: false,
				protocolVersion: 4,
				reconnectPeriod: 0,
				connectTimeout: timeout,
				...(ca !== undefined && { ca }),
				...(mqttUser !== undefined && { username: mqttUser }),
				...(mqttPassword !== undefined && { password: mqttPassword }),
				...more,
			});
			// A broker that hangs up later is seen by what then never comes.
			client.on('error', reject);
			client.on('close', () => reject(new Error('the broker hung up')));
			client.once('connect', ({ sessionPresent }) => resolve({ client, sessionPresent }));
		});
	const using = async (
		run: (client: MqttClient, sessionPresent: boolean) => Promise<Finding>,
		more?: IClientOptions,
	): Promise<Finding> => {
		const { client, sessionPresent } = await within(timeout, 'CONNACK', connect(more));
		try {
			return await run(client, sessionPresent);
		} finally {
			await client.endAsync(true);
		}
	};
	/** True when it came back acknowledged; false when the broker hung up or said nothing. */
	const acknowledged = async (client: MqttClient, topic: string, body: unknown): Promise<boolean> => {
		const payload = typeof body === 'string' ? body : JSON.stringify(body);
		try {
			await within(timeout, 'PUBACK', client.publishAsync(`${prefix}/${topic}`, payload, { qos: 1 }));
			return true;
		} catch {
			return false;
		}
	};
	const granted = async (client: MqttClient, topic: string): Promise<boolean> => {
		try {
			const [grant] = await within(timeout, 'SUBACK', client.subscribeAsync(`${prefix}/${topic}`, { qos: 1 }));
			return grant !== undefined && grant.qos < 128;
		} catch {
			return false;
		}
	};
	const refusesLogin = async (more: IClientOptions): Promise<Finding> => {
		try {
			await using(async () => true, more);
			return 'let in';
		} catch (error) {
			const { code, message } = error as { code?: unknown; message: string };
			return code === 4 || code === 5 || `no CONNACK 4 or 5: ${message}`;
		}
	};

	const clauses = [
		clause('guide', 'a device comes in with its id as client id, over MQTT 3.1.1', () => using(async () => true)),
		clause('guide', 'a reading at QoS 1 has its PUBACK', () =>
			using(async (client) => (await acknowledged(client, 'data', reading(deviceId))) || 'no PUBACK'),
		),
		clause('guide', 'heartbeats and alerts are taken', () =>
			using(async (client) => {
				const timestamp = Date.now();
				const heartbeat = { device_id: deviceId, status: 'online', timestamp, uptime: 1 };
				const alert = { device_id: deviceId, alert_type: 'test', message: 'test', timestamp, priority: 'high' };
				if (!(await acknowledged(client, 'heartbeat', heartbeat))) return 'no PUBACK for the heartbeat';
				return (await acknowledged(client, 'alert', alert)) || 'no PUBACK for the alert';
			}),
		),
		clause('guide', 'a device may hear the commands to all', () =>
			using(async (client) => (await granted(client, 'commands')) || 'the subscription is refused'),
		),
		clause('wire', 'a device may hear the commands to itself', () =>
			using(async (client) => (await granted(client, `commands/${deviceId}`)) || 'the subscription is refused'),
		),
		clause('wire', 'a session lives on from connection to connection', async () => {
			await using((client) => granted(client, `commands/${deviceId}`).then(() => true));
			return using(async (_client, sessionPresent) => sessionPresent || 'CONNACK says that there is none');
		}),
		clause('wire', 'rubbish as a reading does not end the connection', () =>
			using(async (client) => {
				await acknowledged(client, 'data', '{"device_id":');
				return (await acknowledged(client, 'data', reading(deviceId))) || 'nothing is taken after it';
			}),
		),
	];
	if (mqttPassword === undefined) return clauses;
	const stranger = `kit-${randomBytes(4).toString('hex')}`;
	return [
		...clauses,
		clause('wire', 'nobody with a wrong password comes in', () => refusesLogin({ password: `not ${mqttPassword}` })),
		clause('wire', 'nobody without a name and a password comes in', () => refusesLogin({ username: '', password: '' })),
		clause('wire', 'a device cannot hear the commands to another', () =>
			using(async (client) => !(await granted(client, `commands/${stranger}`)) || 'the subscription is granted'),
		),
		clause('wire', 'a device cannot give commands', () =>
			using(
				async (client) =>
					!(await acknowledged(client, `commands/${stranger}`, { command_id: 'x', command: 'restart' })) ||
					'the PUBLISH is acknowledged (a broker that drops it silently says the same)',
			),
		),
	];
}
