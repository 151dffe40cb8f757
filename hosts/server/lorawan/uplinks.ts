import type { Json } from '../json';
import { type Arrival, Refusal } from '../message';
import type { Codec } from './codec';
import type { Uplink } from './events';

const alertPort = 3;

/**
 * An uplink as the message that any other route would have brought.
 * @throws Refusal with the codec's error
 */
export function arrivalOf(codec: Codec, deviceId: string, { port, bytes }: Uplink, receivedAt: number): Arrival {
	const { data, errors } = codec.decodeUplink({ bytes: [...bytes], fPort: port });
	if (!data) throw new Refusal(errors?.[0] ?? 'payload: the codec gives nothing');
	const { uptime, ...values } = data;
	// A sketch that knows no time: its uptime, in the milliseconds that it counts on MQTT.
	const stamp = typeof uptime === 'number' ? { timestamp: uptime * 1000 } : {};
	const json: Json = { device_id: deviceId, ...values, ...stamp };
	const body = Buffer.from(JSON.stringify(json));
	return { door: 'lorawan', deviceId, channel: port === alertPort ? 'alert' : 'data', body, json, receivedAt };
}
