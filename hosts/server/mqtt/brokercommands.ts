import type { Aedes, Client, PublishPacket } from 'aedes';
import { type Delivery, patience, type WireCommand } from '../commands/commands';
import type { Door } from '../message';
import type { Topics } from './topics';

export interface BrokerCommandsOptions {
	readonly topics: Topics;
	/** What waits for a device that listens now. */
	readonly take: (deviceId: string, door: Door) => readonly WireCommand[];
	/** Whose connection this is. */
	readonly deviceOf: (client: Client) => string | undefined;
	/** Epoch ms. */
	readonly now: () => number;
}

/**
 * Commands over our own broker: QoS 1, never retained, to the connections of one device alone. A device that subscribes
 * to the topic of all only (the guide's sketch) gets its own commands there; nobody else sees them.
 *
 * What a session has not acknowledged, aedes sends again by itself on the next connection; all else that waits is sent
 * whenever the device begins to listen, until its reply is here.
 */
export class BrokerCommands implements Delivery {
	readonly door = 'mqtt';
	readonly #options: BrokerCommandsOptions;
	readonly #clients = new Map<string, Set<Client>>();
	/** Command ids that lie in a session's queue, by client id. */
	readonly #unacknowledged = new Map<string, Set<string>>();
	/** When this connection last carried which command id: a device that subscribes again is not told again at once. */
	readonly #carried = new WeakMap<Client, Map<string, number>>();

	constructor(aedes: Aedes, options: BrokerCommandsOptions) {
		this.#options = options;
		aedes.on('clientReady', (client) => this.#came(client));
		aedes.on('subscribe', (_, client) => this.#listens(client));
		aedes.on('clientDisconnect', (client) => this.#left(client));
		aedes.on('ack', (packet, client) => this.#acknowledged(packet as PublishPacket | undefined, client));
	}

	deliver(deviceId: string, commands: readonly WireCommand[]): boolean {
		let went = false;
		for (const client of this.#clients.get(deviceId) ?? []) went = this.#send(client, commands) || went;
		return went;
	}

	#came(client: Client): void {
		const deviceId = this.#options.deviceOf(client);
		if (deviceId === undefined) return;
		const clients = this.#clients.get(deviceId) ?? new Set();
		this.#clients.set(deviceId, clients);
		clients.add(client);
		if (client.clean) this.#unacknowledged.delete(client.id);
		// A session that outlived the last connection listens already.
		this.#listens(client);
	}

	#listens(client: Client): void {
		const deviceId = this.#options.deviceOf(client);
		if (deviceId === undefined || this.#topic(client, deviceId) === undefined) return;
		this.#send(client, this.#options.take(deviceId, this.door));
	}

	#left(client: Client): void {
		const deviceId = this.#options.deviceOf(client);
		const clients = deviceId === undefined ? undefined : this.#clients.get(deviceId);
		clients?.delete(client);
		if (clients?.size === 0) this.#clients.delete(deviceId!);
	}

	#send(client: Client, commands: readonly WireCommand[]): boolean {
		const topic = this.#topic(client, this.#options.deviceOf(client)!);
		if (topic === undefined || client.closed) return false;
		let queued = this.#unacknowledged.get(client.id);
		if (!client.clean && !queued) {
			queued = new Set();
			this.#unacknowledged.set(client.id, queued);
		}
		const carried = this.#carried.get(client) ?? new Map<string, number>();
		this.#carried.set(client, carried);
		const now = this.#options.now();
		for (const command of commands) {
			const { command_id } = command;
			if (queued?.has(command_id) || now - (carried.get(command_id) ?? Number.NEGATIVE_INFINITY) < patience) continue;
			queued?.add(command_id);
			carried.set(command_id, now);
			const payload = Buffer.from(JSON.stringify(command));
			client.publish({ cmd: 'publish', topic, payload, qos: 1, retain: false, dup: false }, () => {});
		}
		return true;
	}

	/** Where this connection hears of commands, or undefined while it does not. */
	#topic(client: Client, deviceId: string): string | undefined {
		const { subscriptions } = client as unknown as { subscriptions: Record<string, { qos: number }> };
		const { topics } = this.#options;
		return [topics.commandsOf(deviceId), topics.commands].find((topic) => subscriptions[topic] !== undefined);
	}

	#acknowledged(packet: PublishPacket | undefined, client: Client): void {
		const queued = this.#unacknowledged.get(client.id);
		if (!queued || !packet?.payload) return;
		// What we publish is ours alone: JSON with a command_id.
		queued.delete((JSON.parse(packet.payload.toString()) as WireCommand).command_id);
		if (queued.size === 0) this.#unacknowledged.delete(client.id);
	}
}
