import type { TLSSocket } from 'node:tls';
import type { Aedes, Client, Subscription } from 'aedes';
import { PacketGuard } from './packetguard';

/**
 * aedes keeps every filter of a SUBSCRIBE of which one was granted. What was denied would then fill a queue in memory
 * with every other device's messages, until that device comes back. To be called once it listens.
 */
export function keepOnlyGranted(aedes: Aedes, mayRead: (client: Client, topic: string) => boolean): void {
	type Persistence = { addSubscriptions(client: Client, subscriptions: Subscription[]): Promise<void> };
	const { persistence } = aedes as unknown as { persistence: Persistence };
	const add = persistence.addSubscriptions.bind(persistence);
	persistence.addSubscriptions = (client, subscriptions) =>
		add(
			client,
			subscriptions.filter(({ topic }) => mayRead(client, topic)),
		);
}

/** aedes reads with `read()`, and collects a packet of any length: here the connection ends at the header of a long one. */
export function refuseLongPackets(socket: TLSSocket, maximum: number, onRefused: () => void): void {
	const guard = new PacketGuard(maximum);
	const read = socket.read.bind(socket);
	socket.read = (size?: number) => {
		const chunk = read(size);
		if (chunk === null || guard.accepts(chunk)) return chunk;
		onRefused();
		socket.destroy();
		return null;
	};
}
