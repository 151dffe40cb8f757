import type { Entry, Written } from './store';

/** Something of a device that just happened. */
export interface FeedEvent {
	/** sensor_data (a new row), realtime_data (never a row), alert, heartbeat, diagnostics, replies, connection. */
	readonly type: string;
	readonly deviceId: string;
	readonly data: unknown;
}

/** @param text the event as JSON: {type, device_id, data} */
export type Listener = (text: string, type: string) => void;

/** Who looks at which device now: the guide's group `patient_<device_id>`. Nothing is kept for who comes later. */
export class Feed {
	readonly #listeners = new Map<string, Set<Listener>>();
	#count = 0;

	get listeners(): number {
		return this.#count;
	}

	/** @returns ends it; twice is fine */
	listen(deviceId: string, listener: Listener): () => void {
		const listeners = this.#listeners.get(deviceId) ?? new Set();
		this.#listeners.set(deviceId, listeners);
		listeners.add(listener);
		this.#count += 1;
		return () => {
			if (!listeners.delete(listener)) return;
			this.#count -= 1;
			if (listeners.size === 0) this.#listeners.delete(deviceId);
		};
	}

	publish({ type, deviceId, data }: FeedEvent): void {
		const listeners = this.#listeners.get(deviceId);
		if (!listeners) return;
		const text = JSON.stringify({ type, device_id: deviceId, data });
		for (const listener of listeners) listener(text, type);
	}

	/** What was just committed. */
	stored(entry: Entry, written: Written = 'stored'): void {
		if (entry.kind === 'rejected' || !this.#listeners.has(entry.deviceId)) return;
		const { deviceId } = entry;
		if (entry.kind === 'message') {
			const data = JSON.parse(entry.body) as object;
			// Who was told of it in short is told whose place it takes.
			const replaces = written === 'completed' && { replaces: entry.shortId };
			this.publish({ type: entry.channel, deviceId, data: { ...data, ...replaces } });
		} else this.publish({ type: 'sensor_data', deviceId, data: shown(entry) });
	}
}

const quiet = new Set(['kind', 'deviceId', 'epoch', 'sequence', 'sourceTimestamp', 'undated', 'receivedAt', 'door']);

/** The guide's fields: the time as ISO 8601, what was not measured left out. */
function shown(reading: Extract<Entry, { kind: 'reading' }>): object {
	const { epoch, sequence, timestamp } = reading;
	const measured = Object.entries(reading).filter(([name, value]) => value !== null && !quiet.has(name));
	return {
		...Object.fromEntries(measured),
		timestamp: new Date(timestamp).toISOString(),
		...(epoch !== null && { reading_id: `${epoch.toString(16).padStart(8, '0')}-${sequence}` }),
	};
}
