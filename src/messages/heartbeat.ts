export type DeviceStatus = 'online' | 'offline' | 'sleeping';

/**
 * The guide's heartbeat; with status 'offline' it is the last will.
 * @param timestamp epoch milliseconds; left out while the time is unknown
 * @param uptime whole seconds since this boot; of a device that sleeps, since it lost its memory
 * @param nextWake epoch milliseconds, with status 'sleeping'
 */
export function heartbeatMessage(
	deviceId: string,
	status: DeviceStatus,
	timestamp: number | undefined,
	uptime: number,
	nextWake?: number,
): string {
	return JSON.stringify({ device_id: deviceId, status, timestamp, uptime, next_wake: nextWake });
}
