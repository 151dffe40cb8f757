/** A small MQTT 3.1.1 broker for virtual worlds: synchronous and deterministic. Real servers use a real one. */
import type { IConnectPacket } from 'mqtt-packet';
import { Fault } from '../../../modules/fault';
import type { Listener, VirtualNetwork } from './virtual';
import { VirtualAttendant } from './virtual-attendant';
import { type Inbound, Session } from './virtual-session';

export interface VirtualBrokerOptions {
	readonly network: VirtualNetwork;
	readonly host: string;
	readonly port: number;
	/** A CONNACK code: 0 lets it in, 4 is a bad user or password, 5 not authorised. Default: everybody may. */
	readonly authenticate?: (login: {
		clientId: string;
		user: string | undefined;
		password: string | undefined;
	}) => number;
	/** False: SUBACK says 0x80. Default: everybody may. */
	readonly maySubscribe?: (clientId: string, topic: string) => boolean;
	/** A message from a device. PUBACK goes out when `ack` is called, at QoS 1. Default: at once. */
	readonly onPublish?: (message: Inbound, ack: () => void) => void;
	/** A device ended without DISCONNECT, and this was its will. */
	readonly onWill?: (message: Inbound) => void;
}

export class VirtualBroker {
	readonly options: VirtualBrokerOptions;
	readonly #sessions = new Map<string, Session>();
	readonly #attendants = new Set<VirtualAttendant>();
	readonly #retained = new Map<string, Uint8Array>();
	#listener: Listener | undefined;

	/** Listens at once. */
	constructor(options: VirtualBrokerOptions) {
		this.options = options;
		this.restart();
	}

	get scheduler() {
		return this.options.network.scheduler;
	}

	/** Client ids of those that are connected. */
	get connected(): readonly string[] {
		return [...this.#sessions.values()].filter((session) => session.attendant).map((session) => session.clientId);
	}

	restart(): void {
		if (this.#listener) throw new Fault('misuse', 'the broker runs');
		const { network, host, port } = this.options;
		this.#listener = network.listen(host, port, (peer) => {
			this.#attendants.add(new VirtualAttendant(this, peer));
		});
	}

	/**
	 * The process dies: connections are reset, or with `silent` (the machine's power) just gone; what it had not acknowledged
	 * it has not. Sessions are kept unless `forget`.
	 */
	crash({ silent = false, forget = false } = {}): void {
		this.#listener?.close();
		this.#listener = undefined;
		for (const attendant of [...this.#attendants]) attendant.crash(silent);
		this.#attendants.clear();
		if (forget) {
			this.#sessions.clear();
			this.#retained.clear();
		}
	}

	/** To every session that subscribed, at QoS 1; those that are away get it when they come back. */
	publish(topic: string, payload: Uint8Array | string, { retain = false } = {}): void {
		const bytes = typeof payload === 'string' ? Buffer.from(payload) : payload;
		if (retain && bytes.byteLength > 0) this.#retained.set(topic, bytes);
		else if (retain) this.#retained.delete(topic);
		for (const session of this.#sessions.values()) if (session.wants(topic)) session.deliver(topic, bytes, false);
	}

	// What its attendants ask of it.

	/** The session of a client that was let in (§3.1.2.4), and whether there was one; a second connection ends the first. */
	join(
		attendant: VirtualAttendant,
		{ clientId, clean = true }: IConnectPacket,
	): { session: Session; present: boolean } {
		const kept = this.#sessions.get(clientId);
		kept?.attendant?.takenOver();
		const present = kept !== undefined && !clean;
		const session = present ? kept : new Session(clientId, clean);
		session.attendant = attendant;
		this.#sessions.set(clientId, session);
		return { session, present };
	}

	subscribe(session: Session, topic: string, qos: number): number {
		if (this.options.maySubscribe?.(session.clientId, topic) === false) return 0x80;
		session.filters.set(topic, qos);
		return Math.min(qos, 1);
	}

	/** After SUBACK: what is retained under `topic` [MQTT-3.3.1-6]. */
	deliverRetained(session: Session, topic: string): void {
		for (const [name, bytes] of this.#retained)
			if (session.filters.has(topic) && Session.matches(topic, name)) session.deliver(name, bytes, true);
	}

	leave(attendant: VirtualAttendant, session: Session | undefined): void {
		this.#attendants.delete(attendant);
		if (session?.attendant !== attendant) return;
		session.attendant = undefined;
		if (session.clean) this.#sessions.delete(session.clientId);
	}
}
