import type { Arrival, Wrong } from './message';
import { type Entry, type Rejected, rejectedBodyLimit } from './store';

/** What is kept of a message that was refused. */
export function quarantined(arrival: Arrival, reason: string, wrong: Wrong): Rejected {
	const { door, channel, body, receivedAt } = arrival;
	const deviceId = arrival.deviceId ?? '';
	// A copy: a view would hold the whole network buffer while it waits.
	const kept = Buffer.from(body.subarray(0, rejectedBodyLimit));
	return { kind: 'rejected', deviceId, door, channel, reason, wrong, size: body.length, body: kept, receivedAt };
}

/** What is kept of a message that the database itself would not take. */
export function unstorable(entry: Entry): Rejected {
	const text = entry.kind === 'message' ? entry.body : JSON.stringify(entry);
	const channel = entry.kind === 'reading' ? 'data' : entry.channel;
	const body = Buffer.from(text);
	const { deviceId, door, receivedAt } = entry;
	const reason = 'body: the store could not keep it';
	return { kind: 'rejected', deviceId, door, channel, reason, wrong: 'invalid', size: body.length, body, receivedAt };
}
