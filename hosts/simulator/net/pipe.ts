import type { Random32 } from '../../../modules/ports';
import type { Scheduler } from './scheduler';

/** One way of a connection over an imperfect network. */
export interface Path {
	/** Milliseconds that a segment takes. */
	latency: number;
	/** Up to so many milliseconds more, at random. */
	jitter: number;
	/** Bytes a second; undefined: no bound. */
	bandwidth: number | undefined;
	/** The chance that a segment is lost, 0 to 1. */
	loss: number;
	/** Nothing passes, and nobody is told. */
	down: boolean;
}

/** Payload of a segment on Ethernet or Wi-Fi with IPv4 and no options: what lwIP on ESP32 sends. */
const SEGMENT = 1440;
/** Milliseconds before the first retransmission (RFC 6298 says at least 1 s; Linux and lwIP begin far lower). */
const RETRANSMIT = 300;
const RETRANSMIT_MOST = 60_000;
/** Losses of one segment in a row after which TCP gives up (lwIP's TCP_MAXRTX). */
const TRIES = 12;

/** Bytes on the wire that carry no payload: Ethernet, IPv4 and TCP headers. */
const HEADERS = 54;

interface PipeOptions {
	readonly scheduler: Scheduler;
	readonly random32: Random32;
	readonly path: Path;
	/** Bytes, in order, each once. */
	readonly onData: (bytes: Uint8Array) => void;
	/** The sender said that no more comes. */
	readonly onEnd: () => void;
	/** So many bytes arrived, and the sender knows it. */
	readonly onAcknowledged: (count: number) => void;
	/** The sender gave up. */
	readonly onBroken: () => void;
}

/** A segment, or the end (`bytes` undefined). */
interface Segment {
	readonly bytes: Uint8Array | undefined;
	arrived: boolean;
	losses: number;
}

/** One direction of a TCP connection: ordered, retransmitting, and broken when nothing passes for long. */
export class Pipe {
	readonly #options: PipeOptions;
	readonly #segments: Segment[] = [];
	/** When the last bit of what was sent has left, where bandwidth is bounded. */
	#busyUntil = 0;
	#broken = false;
	#deaf = false;

	constructor(options: PipeOptions) {
		this.#options = options;
	}

	write(bytes: Uint8Array): void {
		for (let at = 0; at < bytes.byteLength; at += SEGMENT) this.#enqueue(bytes.slice(at, at + SEGMENT));
	}

	end(): void {
		this.#enqueue(undefined);
	}

	/** Nothing that is under way arrives. */
	destroy(): void {
		this.#broken = true;
		this.#segments.length = 0;
	}

	/** The receiver is no more, and says so to nobody. */
	deafen(): void {
		this.#deaf = true;
	}

	#enqueue(bytes: Uint8Array | undefined): void {
		if (this.#broken) return;
		const segment = { bytes, arrived: false, losses: 0 };
		this.#segments.push(segment);
		this.#transmit(segment);
	}

	#transmit(segment: Segment): void {
		const { scheduler, random32, path } = this.#options;
		const size = HEADERS + (segment.bytes?.byteLength ?? 0);
		const sending = path.bandwidth === undefined ? 0 : (size / path.bandwidth) * 1000;
		this.#busyUntil = Math.max(this.#busyUntil, scheduler.now) + sending;
		const delay = this.#busyUntil - scheduler.now + path.latency + Math.floor((random32() / 2 ** 32) * path.jitter);
		if (this.#deaf || path.down || random32() / 2 ** 32 < path.loss) this.#lose(segment);
		else scheduler.schedule(delay, () => (this.#deaf || path.down ? this.#lose(segment) : this.#arrive(segment)));
	}

	#lose(segment: Segment): void {
		if (this.#broken) return;
		segment.losses++;
		if (segment.losses > TRIES) {
			this.destroy();
			this.#options.onBroken();
			return;
		}
		const delay = Math.min(RETRANSMIT_MOST, RETRANSMIT * 2 ** (segment.losses - 1));
		this.#options.scheduler.schedule(delay, () => !this.#broken && this.#transmit(segment));
	}

	/** What comes early waits for what is before it. */
	#arrive(segment: Segment): void {
		const { scheduler, path, onData, onEnd, onAcknowledged } = this.#options;
		segment.arrived = true;
		while (!this.#broken && this.#segments[0]?.arrived) {
			const { bytes } = this.#segments.shift()!;
			if (bytes === undefined) onEnd();
			else {
				scheduler.schedule(path.latency, () => !this.#broken && onAcknowledged(bytes.byteLength));
				onData(bytes);
			}
		}
	}
}
