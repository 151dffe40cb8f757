import type { Json } from '../json';
import { type Arrival, Refusal } from '../message';
import type { Codec } from './codec';
import type { Uplink } from './events';

const alertPort = 3;
const replyPort = 4;

/**
 * An uplink as the message that any other route would have brought.
 * @param commandIdOf the id of this device's command that has a reference
 * @throws Refusal with the codec's error, or because there is no such command
 */
export function arrivalOf(
	codec: Codec,
	deviceId: string,
	{ port, bytes }: Uplink,
	receivedAt: number,
	commandIdOf: (deviceId: string, reference: string) => string | undefined,
): Arrival {
	const { data, errors } = codec.decodeUplink({ bytes: [...bytes], fPort: port });
	if (!data) throw new Refusal(errors?.[0] ?? 'payload: the codec gives nothing');
	if (port === replyPort) return replyArrival(deviceId, data, receivedAt, commandIdOf);
	const { uptime, ...values } = data;
	// A sketch that knows no time: its uptime, in the milliseconds that it counts on MQTT.
	const stamp = typeof uptime === 'number' ? { timestamp: uptime * 1000 } : {};
	const json: Json = { device_id: deviceId, ...values, ...stamp };
	const body = Buffer.from(JSON.stringify(json));
	return { door: 'lorawan', deviceId, channel: port === alertPort ? 'alert' : 'data', body, json, receivedAt };
}

function replyArrival(
	deviceId: string,
	{ command_reference, ...values }: { readonly [name: string]: Json },
	receivedAt: number,
	commandIdOf: (deviceId: string, reference: string) => string | undefined,
): Arrival {
	const reference = String(command_reference);
	const commandId = commandIdOf(deviceId, reference);
	if (commandId === undefined) throw new Refusal(`command_reference: ${reference} is no command of ${deviceId}`);
	const json: Json = { device_id: deviceId, command_id: commandId, ...values };
	const body = Buffer.from(JSON.stringify(json));
	return { door: 'lorawan', deviceId, channel: 'replies', body, json, receivedAt };
}
