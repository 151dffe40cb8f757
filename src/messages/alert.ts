/** An alert as it goes out: the guide's keys (section 1), its name at the server, and its numbers in the units of a reading. */
export interface AlertMessage {
	readonly device_id: string;
	readonly alert_type: string;
	/** For people, in the language of the device. */
	readonly message: string;
	/** Epoch milliseconds. */
	readonly timestamp: number;
	readonly priority: 'low' | 'medium' | 'high';
	readonly alert_id: string;
	readonly value: number | undefined;
	readonly threshold: number | undefined;
}

/** The alert's name at the server: the epoch of its journal (8 hex digits), "a" and its sequence. Never a reading's. */
export function alertId(epoch: number, sequence: number): string {
	return `${epoch.toString(16).padStart(8, '0')}-a${sequence}`;
}

export function alertMessage(alert: AlertMessage): string {
	return JSON.stringify(alert);
}
