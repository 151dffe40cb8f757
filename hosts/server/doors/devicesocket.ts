import type { RawData, WebSocket } from 'ws';
import type { Channel } from '../../../modules/ports';
import type { WireCommand } from '../commands/commands';
import type { Feed } from '../feed';
import type { Ingest, Outcome } from '../ingest';
import type { Json } from '../json';
import { type Arrival, parseBody, Refusal } from '../message';
import { maximumBody, realtimeSchema, violationOf } from '../schema';

export interface DeviceSocketOptions {
	readonly deviceId: string;
	readonly ingest: Pick<Ingest, 'submit' | 'refuse'>;
	readonly feed: Feed;
	/** Epoch ms. */
	readonly now: () => number;
	/** One message more: 0, or how long (ms) the next has to wait. */
	readonly rate: () => number;
}

type Fields = { readonly [name: string]: Json };

/** Messages that wait for the disk, at most; then nothing more is read. */
const maximumWaiting = 256;
/** Bytes that the device does not read; then the connection ends. */
const maximumUnread = 256 * 1024;

/** What a message of each type is. A reading may go without a type: it is the same on every route. */
const channels: Readonly<Record<string, Channel>> = {
	reading: 'data',
	data: 'data',
	sensor_data: 'data',
	alert: 'alert',
	heartbeat: 'heartbeat',
	diagnostics: 'diagnostics',
	reply: 'replies',
};

/** By what a receipt is told from another. */
const names: Readonly<Partial<Record<Channel, string>>> = {
	data: 'reading_id',
	alert: 'alert_id',
	replies: 'command_id',
};

/**
 * One device's WebSocket. Readings, alerts and replies get an ack after the commit, or a nack when they are refused for
 * good; `realtime_data` goes to whoever looks now, and is kept by nobody. A device that sends faster than it may, or than
 * the disk can take, is read more slowly.
 */
export class DeviceSocket {
	readonly #options: DeviceSocketOptions;
	readonly #socket: WebSocket;
	#waiting = 0;
	#held = false;

	constructor(socket: WebSocket, options: DeviceSocketOptions) {
		this.#options = options;
		this.#socket = socket;
		socket.on('message', (data, isBinary) => this.#message(data, isBinary));
	}

	/** @returns false when it is no longer open */
	command(command: WireCommand): boolean {
		return this.#send({ type: 'command', ...command });
	}

	/** Another connection of the same device has come: this one is what is left of a network that went away. */
	replace(): void {
		this.#socket.close(4000, 'another connection of this device');
		setTimeout(() => this.#socket.terminate(), 1_000).unref();
	}

	#message(data: RawData, isBinary: boolean): void {
		if (isBinary) return void this.#socket.close(1003, 'text only');
		this.#hold(this.#options.rate());
		const body = data as Buffer;
		const { deviceId, now } = this.#options;
		const arrival: Arrival = { door: 'websocket', deviceId, channel: 'data', body, receivedAt: now() };
		let json: Json;
		try {
			json = parseBody(body, maximumBody);
		} catch (error) {
			if (!(error instanceof Refusal)) throw error;
			return void this.#refuse(arrival, error);
		}
		const fields: Fields = typeof json === 'object' && json !== null && !Array.isArray(json) ? json : {};
		const { type = 'reading' } = fields;
		if (type === 'realtime_data' || type === 'connection') return void this.#live(type, fields);
		const channel = typeof type === 'string' && Object.hasOwn(channels, type) ? channels[type]! : undefined;
		if (channel === undefined) return void this.#nack(undefined, fields, 'type: not known here');
		this.#waiting += 1;
		this.#options.ingest.submit({ ...arrival, channel, json }, (outcome) => this.#receipt(channel, fields, outcome));
		this.#hold(0);
	}

	#refuse(arrival: Arrival, refusal: Refusal): void {
		this.#waiting += 1;
		this.#options.ingest.refuse(arrival, refusal, (outcome) => this.#receipt('data', {}, outcome));
		this.#hold(0);
	}

	#receipt(channel: Channel, fields: Fields, outcome: Outcome): void {
		this.#waiting -= 1;
		this.#hold(0);
		// No receipt: the device sends it again on its next connection.
		if (outcome === 'busy') this.#socket.close(1013, 'the server has no room now');
		else if (typeof outcome === 'object') this.#nack(channel, fields, outcome.refused);
		else if (names[channel] !== undefined) this.#send({ type: 'ack', ...named(channel, fields) });
	}

	/** Not kept: for whoever looks at this moment. */
	#live(type: 'realtime_data' | 'connection', fields: Fields): void {
		const { deviceId, feed } = this.#options;
		const wrong = violationOf(realtimeSchema, fields);
		if (wrong !== undefined) return void this.#nack(undefined, fields, wrong);
		if (fields.device_id !== deviceId)
			return void this.#nack(undefined, fields, `device_id: ${fields.device_id} is not ${deviceId}, who sent it`);
		const { type: _, device_id: __, ...data } = fields;
		feed.publish({ type, deviceId, data });
	}

	#nack(channel: Channel | undefined, fields: Fields, error: string): void {
		this.#send({ type: 'nack', ...(channel && named(channel, fields)), error });
	}

	#send(message: object): boolean {
		if (this.#socket.readyState !== this.#socket.OPEN) return false;
		if (this.#socket.bufferedAmount > maximumUnread) {
			this.#socket.terminate();
			return false;
		}
		this.#socket.send(JSON.stringify(message));
		return true;
	}

	/** Reads no further while too much waits, or for `wait` ms. */
	#hold(wait: number): void {
		if (wait > 0 && !this.#held) {
			this.#held = true;
			setTimeout(() => {
				this.#held = false;
				this.#hold(0);
			}, wait).unref();
		}
		const full = this.#held || this.#waiting >= maximumWaiting;
		if (full && !this.#socket.isPaused) this.#socket.pause();
		else if (!full && this.#socket.isPaused) this.#socket.resume();
	}
}

/** What the device calls it; its time, where it numbers nothing. */
function named(channel: Channel, fields: Fields): object {
	const name = names[channel];
	const id = name === undefined ? undefined : fields[name];
	if (typeof id === 'string' && id.length <= 64) return { [name!]: id };
	return typeof fields.timestamp === 'number' ? { timestamp: fields.timestamp } : {};
}
