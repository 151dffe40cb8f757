import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Alert } from '../../../src/alerts/record';
import type { Reading } from '../../../src/sensing/reading';

const root = resolve(import.meta.dirname, '../../..');
const format = readFileSync(resolve(root, 'modules/lora/FORMAT.md'), 'utf8');

export interface Vector {
	readonly port: number;
	readonly message: Record<string, unknown>;
	readonly bytes: Buffer;
}

/** The table of FORMAT.md. */
export const vectors: readonly Vector[] = [...format.matchAll(/^\| (\d+) \| `(\{.*\})` \| `([0-9a-f ]+)` \|$/gm)].map(
	([, port, message, hex]) => ({
		port: Number(port),
		message: JSON.parse(message!),
		bytes: Buffer.from(hex!.replaceAll(' ', ''), 'hex'),
	}),
);

/** The place that a name at the server stands for. */
export function placeOf(name: string): { epoch: number; sequence: number } {
	const [epoch, sequence] = name.split('-') as [string, string];
	return { epoch: Number.parseInt(epoch, 16), sequence: Number(sequence.replace('a', '')) };
}

/** The reading that a message of port 1 or 2 was made of. */
export function readingOf(message: Record<string, unknown>): Reading {
	const scaled = (name: string, scale: number): number | undefined =>
		message[name] === undefined ? undefined : Math.round((message[name] as number) * scale);
	return {
		stamp: { epochMilliseconds: message.timestamp as number },
		centiCelsius: scaled('temperature', 100),
		humidityBasisPoints: scaled('humidity', 100),
		heartRateBpm: scaled('heart_rate', 1),
		spo2PerMille: scaled('spo2', 10),
		batteryPercent: scaled('battery_level', 1),
		latitudeTenMicrodegrees: scaled('latitude', 1e5),
		longitudeTenMicrodegrees: scaled('longitude', 1e5),
	};
}

const KINDS: Readonly<Record<string, readonly [kind: number, scale: number]>> = {
	temperature_high: [1, 100],
	spo2_low: [24, 10],
	readings_dropped: [65, 1],
	heart_rate_lost: [20, 1],
};

/** The alert that a message of port 3 was made of. */
export function alertOf(message: Record<string, unknown>): Alert {
	const [kind, scale] = KINDS[message.alert_type as string]!;
	const scaled = (value: unknown): number | undefined =>
		value === undefined ? undefined : Math.round((value as number) * scale);
	const stamp = { epochMilliseconds: message.timestamp as number };
	return { stamp, kind, value: scaled(message.value), threshold: scaled(message.threshold) };
}
