import type { Reading } from '../sensing/reading';

/** The reading's name at the server: the journal's epoch (8 hex digits) and its sequence. The same on every route. */
export function readingId(epoch: number, sequence: number): string {
	return `${epochOf(epoch)}-${sequence}`;
}

/** As it stands in an id. */
export function epochOf(epoch: number): string {
	return epoch.toString(16).padStart(8, '0');
}

/** A reading as it goes out on MQTT, on the WebSocket and as the body of a single POST: one flat JSON object. */
export function readingMessage(deviceId: string, timestamp: number, reading: Reading, id: string): string {
	return JSON.stringify({
		device_id: deviceId,
		timestamp,
		temperature: scaled(reading.centiCelsius, 100),
		humidity: scaled(reading.humidityBasisPoints, 100),
		heart_rate: reading.heartRateBpm,
		spo2: scaled(reading.spo2PerMille, 10),
		battery_level: reading.batteryPercent,
		latitude: scaled(reading.latitudeTenMicrodegrees, 1e5),
		longitude: scaled(reading.longitudeTenMicrodegrees, 1e5),
		reading_id: id,
	});
}

/** Undefined stays undefined. */
export function scaled(value: number | undefined, scale: number): number | undefined {
	return value === undefined ? undefined : value / scale;
}
