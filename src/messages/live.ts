/**
 * The guide's real-time message (section 3.1): worth something this second, never kept.
 * @param timestamp epoch milliseconds; left out while the time is unknown
 * @param heartRate beats a minute
 * @param spo2 percent
 */
export function liveMessage(
	deviceId: string,
	timestamp: number | undefined,
	heartRate: number,
	spo2: number | undefined,
): string {
	return JSON.stringify({ type: 'realtime_data', device_id: deviceId, timestamp, heart_rate: heartRate, spo2 });
}
