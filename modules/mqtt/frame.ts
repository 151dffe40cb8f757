import { Packet } from './packet';

/**
 * Follows the packets in a stream of bytes without keeping any: type, flags and length of the newest one (MQTT 3.1.1 §2.2),
 * and the return code of a CONNACK. For what a client reads but does not pass on.
 *
 *   HEADER → LENGTH (1 to 4 bytes) → BODY (none when the length is 0) → HEADER
 */
const State = Object.freeze({ HEADER: 0, LENGTH: 1, BODY: 2 } as const);

export class Frame {
	#state: 0 | 1 | 2 = State.HEADER;
	#header = 0;
	#length = 0;
	#shift = 0;
	#left = 0;
	#returnCode: number | undefined;

	/** Type of the newest packet (§2.2.1), 0 before the first. */
	get type(): number {
		return this.#header >> 4;
	}

	/** The RETAIN flag, when the newest packet is a PUBLISH [MQTT-3.3.1-8]. */
	get retained(): boolean {
		return this.type === Packet.PUBLISH && (this.#header & 1) !== 0;
	}

	/** Remaining length that the newest packet announced, in bytes (§2.2.3: up to 268,435,455). */
	get length(): number {
		return this.#length;
	}

	/** Of the newest CONNACK; undefined before there was one. */
	get returnCode(): number | undefined {
		return this.#returnCode;
	}

	push(byte: number): void {
		if (this.#state === State.HEADER) {
			this.#header = byte;
			this.#length = this.#shift = 0;
			this.#become(State.LENGTH);
		} else if (this.#state === State.LENGTH) {
			this.#length += (byte & 0x7f) << this.#shift;
			this.#shift += 7;
			if ((byte & 0x80) !== 0 && this.#shift < 28) return;
			this.#left = this.#length;
			this.#become(this.#left > 0 ? State.BODY : State.HEADER);
		} else {
			this.#left--;
			if (this.type === Packet.CONNACK && this.#left === this.#length - 2) this.#returnCode = byte;
			if (this.#left === 0) this.#become(State.HEADER);
		}
	}

	pushAll(bytes: Uint8Array): void {
		for (let at = 0; at < bytes.length; ) {
			if (this.#state === State.BODY && this.type !== Packet.CONNACK) {
				const skip = Math.min(this.#left, bytes.length - at);
				this.#left -= skip;
				at += skip;
				if (this.#left === 0) this.#become(State.HEADER);
			} else this.push(bytes[at++]!);
		}
	}

	#become(state: 0 | 1 | 2): void {
		this.#state = state;
	}
}
