/** The few facts of MQTT 3.1.1 (OASIS standard, 29 October 2014) that the route needs; the client does the rest. */
import { Fault } from '../fault';

/** Packet types (§2.2.1); the SDK's class names its operations by the same numbers. */
export const Packet = Object.freeze({
	CONNECT: 1,
	CONNACK: 2,
	PUBLISH: 3,
	PUBACK: 4,
	SUBSCRIBE: 8,
	SUBACK: 9,
	PINGREQ: 12,
	DISCONNECT: 14,
} as const);

/** What CONNACK codes 1 to 5 mean (§3.2.2.3). */
const REFUSALS = Object.freeze([
	'accepted',
	'the broker does not speak MQTT 3.1.1',
	'the broker refuses this client id',
	'the broker is not available',
	'wrong user or password',
	'not authorised: a wrong user or password, or no right to come in',
]);

/** SUBACK: the broker did not take the subscription (§3.9.3). */
export const SUBSCRIPTION_FAILED = 0x80;

/** The Fault that a CONNACK with `code` ≠ 0 is. */
export function refusal(code: number): Fault {
	return new Fault('refused', `${REFUSALS[code] ?? 'refused for an unknown reason'} (CONNACK ${code})`);
}

/** Packet identifiers run from 1 to 65,535 [MQTT-2.3.1-1]. */
const IDENTIFIERS = 65_535;

/**
 * The packet identifier of a record: always the same for the same sequence, so that a re-send carries its original identifier
 * [MQTT-4.4.0-1] after a reconnect and after a reboot, with no store for it. Sequences 65,535 apart share one.
 */
export function identifierOf(sequence: number): number {
	if (!Number.isSafeInteger(sequence) || sequence < 0) throw new Fault('misuse', `${sequence} is no sequence`);
	return 1 + (((sequence % IDENTIFIERS) + IDENTIFIERS - 1) % IDENTIFIERS);
}

/** Bytes of a whole PUBLISH packet (§3.3). */
export function publishLength(topicLength: number, bodyLength: number, QoS: number): number {
	const remaining = 2 + topicLength + (QoS > 0 ? 2 : 0) + bodyLength;
	return 1 + (remaining < 128 ? 1 : remaining < 16_384 ? 2 : remaining < 2_097_152 ? 3 : 4) + remaining;
}
