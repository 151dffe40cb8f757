export type ReplyStatus = 'done' | 'refused' | 'failed';

/**
 * How a command ended (wire.md, "Commands").
 * @param timestamp epoch milliseconds; left out where the time was not known
 */
export function replyMessage(
	deviceId: string,
	commandId: string,
	status: ReplyStatus,
	detail: string,
	timestamp: number | undefined,
): string {
	return JSON.stringify({ device_id: deviceId, command_id: commandId, status, detail, timestamp });
}
