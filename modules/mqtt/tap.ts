import { Fault } from '../fault';
import type { Bytes } from '../sockets';
import { TapSocket } from '../tap/socket';
import type { Line } from './line';

/** Tells the line what the client reads. */
export class MqttSocket extends TapSocket<Line> {
	#reads = 0;

	get format(): 'buffer' | 'number' {
		return this.isClosed ? 'buffer' : this.inner.format;
	}

	/** After `close`: nothing. The SDK's client sets it on its way out of a callback in which it was closed. */
	set format(format: 'buffer' | 'number') {
		if (!this.isClosed) this.inner.format = format;
	}

	read(into?: number | Bytes): number | ArrayBuffer | undefined {
		if (this.isClosed) return undefined;
		const result = this.inner.read(into);
		if (result === undefined) return undefined;
		const { line } = this;
		this.#reads++;
		if (typeof result !== 'number') line.read(new Uint8Array(result));
		else if (typeof into !== 'object') line.readByte(result);
		else if (into instanceof Uint8Array) line.read(into.subarray(0, result));
		else line.read(new Uint8Array(into, 0, result));
		return result;
	}

	/** A client that leaves all its bytes unread has lost its place (the SDK's does, after an empty message). */
	protected readable(count: number): void {
		const before = this.#reads;
		this.onReadable(count);
		if (this.#reads === before && count > 0 && !this.isClosed)
			throw new Fault('protocol', 'the client stopped reading');
	}
}
