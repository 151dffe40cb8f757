import type { IConnectPacket, IPublishPacket, ISubscribePacket, Packet } from 'mqtt-packet';
import { bytesOf, PacketReader } from './packets';
import type { VirtualBroker } from './virtual-broker';
import type { VirtualPeer } from './virtual-connection';
import type { Inbound, Session } from './virtual-session';

/** The broker's side of one connection. */
export class VirtualAttendant {
	readonly #broker: VirtualBroker;
	readonly #peer: VirtualPeer;
	readonly #reader = new PacketReader();
	#session: Session | undefined;
	#connect: IConnectPacket | undefined;
	#deadline: { cancel(): void } | undefined;
	#over = false;

	constructor(broker: VirtualBroker, peer: VirtualPeer) {
		this.#broker = broker;
		this.#peer = peer;
		peer.onData = (bytes) => this.#onData(bytes);
		peer.onClose = () => this.#leave(true);
	}

	send(packet: Packet): void {
		if (!this.#over) this.#peer.write(bytesOf(packet));
	}

	/** The same client connected anew [MQTT-3.1.4-2]. */
	takenOver(): void {
		this.#leave(true);
		this.#peer.destroy();
	}

	crash(silent: boolean): void {
		this.#leave(false);
		if (silent) this.#peer.vanish();
		else this.#peer.destroy();
	}

	#onData(bytes: Uint8Array): void {
		if (this.#over) return;
		try {
			this.#reader.push(bytes);
			for (let packet = this.#reader.shift(); packet && !this.#over; packet = this.#reader.shift()) this.#take(packet);
		} catch {
			this.#leave(true);
			this.#peer.destroy();
		}
	}

	#take(packet: Packet): void {
		this.#expectMore();
		if (!this.#session) {
			if (packet.cmd !== 'connect') throw new Error('CONNECT comes first');
			this.#welcome(packet);
		} else if (packet.cmd === 'publish') this.#onPublish(packet);
		else if (packet.cmd === 'subscribe') this.#onSubscribe(packet, this.#session);
		else if (packet.cmd === 'puback') this.#session.acknowledged(packet.messageId ?? 0);
		else if (packet.cmd === 'pingreq') this.send({ cmd: 'pingresp' });
		else if (packet.cmd === 'disconnect') {
			this.#leave(false);
			this.#peer.end();
		} else throw new Error(`no ${packet.cmd} is taken`);
	}

	#welcome(connect: IConnectPacket): void {
		const { clientId, username: user } = connect;
		const password = connect.password?.toString();
		const returnCode = this.#broker.options.authenticate?.({ clientId, user, password }) ?? 0;
		if (returnCode !== 0) {
			this.send({ cmd: 'connack', returnCode, sessionPresent: false });
			this.#leave(false);
			this.#peer.end();
			return;
		}
		const { session, present } = this.#broker.join(this, connect);
		this.#session = session;
		this.#connect = connect;
		this.#expectMore();
		this.send({ cmd: 'connack', returnCode: 0, sessionPresent: present });
		session.resend();
	}

	#onPublish(packet: IPublishPacket): void {
		const { topic, payload, qos, dup, messageId: id = 0 } = packet;
		if (qos === 2) throw new Error('QoS 2 is not taken');
		const message = { ...this.#sender(), topic, payload: payload as Buffer, QoS: qos, duplicate: dup, id };
		const ack = () => qos === 1 && this.send({ cmd: 'puback', messageId: id });
		const { onPublish } = this.#broker.options;
		if (onPublish) onPublish(message, ack);
		else ack();
	}

	#onSubscribe({ subscriptions, messageId = 0 }: ISubscribePacket, session: Session): void {
		const granted = subscriptions.map(({ topic, qos }) => this.#broker.subscribe(session, topic, qos));
		this.send({ cmd: 'suback', messageId, granted });
		for (const { topic } of subscriptions) this.#broker.deliverRetained(session, topic);
	}

	#sender(): { clientId: string; user: string | undefined } {
		return { clientId: this.#connect!.clientId, user: this.#connect!.username };
	}

	/** Nothing for one and a half times the keep-alive: the client is gone [MQTT-3.1.2-24]. */
	#expectMore(): void {
		this.#deadline?.cancel();
		const keepAlive = this.#connect?.keepalive ?? 0;
		if (keepAlive === 0) return;
		this.#deadline = this.#broker.scheduler.schedule(keepAlive * 1500, () => {
			this.#leave(true);
			this.#peer.destroy();
		});
	}

	/** @param unclean no DISCONNECT came: the will is told */
	#leave(unclean: boolean): void {
		if (this.#over) return;
		this.#over = true;
		this.#deadline?.cancel();
		this.#broker.leave(this, this.#session);
		const will = this.#connect?.will;
		if (!unclean || !will) return;
		const payload = Buffer.from(will.payload as Buffer);
		const message: Inbound = {
			...this.#sender(),
			topic: will.topic,
			payload,
			QoS: will.qos ?? 0,
			duplicate: false,
			id: 0,
		};
		this.#broker.options.onWill?.(message);
		this.#broker.publish(will.topic, payload, { retain: will.retain === true });
	}
}
