import type { VirtualAttendant } from './virtual-attendant';

/** A message that came from a device. */
export interface Inbound {
	readonly clientId: string;
	readonly user: string | undefined;
	readonly topic: string;
	readonly payload: Uint8Array;
	readonly QoS: number;
	readonly duplicate: boolean;
	/** Packet identifier, 0 at QoS 0. */
	readonly id: number;
}

interface Waiting {
	readonly id: number;
	readonly topic: string;
	readonly payload: Uint8Array;
	readonly retain: boolean;
	sent: boolean;
}

/** What the broker keeps of a client between its connections (MQTT 3.1.1 §3.1.2.4). */
export class Session {
	readonly clientId: string;
	readonly clean: boolean;
	/** Topic filters, and the QoS asked for. */
	readonly filters = new Map<string, number>();
	/** Who serves its connection. */
	attendant: VirtualAttendant | undefined;
	/** Sent or to be sent to it at QoS 1, without a PUBACK. */
	readonly #waiting: Waiting[] = [];
	#id = 0;

	constructor(clientId: string, clean: boolean) {
		this.clientId = clientId;
		this.clean = clean;
	}

	/** Whether `name` is under the topic filter `filter` (§4.7.1). */
	static matches(filter: string, name: string): boolean {
		const levels = name.split('/');
		const parts = filter.split('/');
		for (const [index, part] of parts.entries()) {
			if (part === '#') return true;
			if (index >= levels.length || (part !== '+' && part !== levels[index])) return false;
		}
		return parts.length === levels.length;
	}

	wants(topic: string): boolean {
		for (const filter of this.filters.keys()) if (Session.matches(filter, topic)) return true;
		return false;
	}

	deliver(topic: string, payload: Uint8Array, retain: boolean): void {
		this.#id = (this.#id % 65_535) + 1;
		const message = { id: this.#id, topic, payload, retain, sent: false };
		this.#waiting.push(message);
		if (this.attendant) this.#send(message);
	}

	/** After a reconnect: all that has no PUBACK, in order [MQTT-4.4.0-1]. */
	resend(): void {
		for (const message of this.#waiting) this.#send(message);
	}

	acknowledged(id: number): void {
		const at = this.#waiting.findIndex((message) => message.id === id);
		if (at >= 0) this.#waiting.splice(at, 1);
	}

	#send(message: Waiting): void {
		const { id, topic, payload, retain, sent } = message;
		message.sent = true;
		this.attendant?.send({
			cmd: 'publish',
			messageId: id,
			topic,
			payload: Buffer.from(payload),
			qos: 1,
			dup: sent,
			retain,
		});
	}
}
