/**
 * Every seam between the firmware and the world, on one page. Hosts provide them; `src` and `modules` know nothing else.
 *
 * All are synchronous and event-driven. No callback is made from inside a call to the object that makes it, none after
 * `close`, and `close` may be called twice. Milliseconds are integers.
 */
import type { Fault } from './fault';

/** Raw NOR flash (ECMA-419 §28; the shape of the SDK's `embedded:storage/flash`). */
export interface FlashPartition {
	status(): { readonly size: number; readonly blockLength: number; readonly blocks: number };
	/** Fills `buffer` from `byteOffset`. Throws when the flash cannot be read there. */
	read(buffer: Uint8Array, byteOffset: number): number;
	/** Programs `buffer` at `byteOffset`. Each byte may be written once between two erases. Throws when it fails. */
	write(buffer: Uint8Array, byteOffset: number): void;
	/** Sets blocks `start` to `end` − 1 (default: one block) to 0xFF. Throws when it fails. */
	eraseBlock(start: number, end?: number): void;
	close(): void;
}

/** Small settings that survive power loss (ECMA-419 §29; NVS on ESP32). Strings only. */
export interface KeyValue {
	read(key: string): string | undefined;
	write(key: string, value: string): void;
	delete(key: string): void;
}

export interface Clock {
	/** Milliseconds since this boot: monotonic, never set. */
	readonly ticks: number;
	/** Epoch milliseconds, or undefined while nobody has told the time. May jump when it is told. */
	readonly time: number | undefined;
	/** False while `time` is only what the host's own clock kept and nobody told it in this boot; absent: as good as told. */
	readonly isTold?: boolean;
	/** Makes an alarm once, to be armed as often as wanted. */
	alarm(owner: AlarmOwner): Alarm;
}

/** Whose alarm it is: an object and not a function, since on XS a closure each is 9 slots. */
export interface AlarmOwner {
	/** `alarm` went off. */
	onAlarm(alarm: Alarm): void;
}

export interface Alarm {
	/** Fires once, `delay` ms from now (0 to 2^31 − 1); what was armed before is forgotten. */
	set(delay: number): void;
	clear(): void;
}

export type WakeCause = 'power' | 'timer' | 'pin' | 'restart' | 'crash' | 'brownout';

export interface Power {
	/** Why the device runs. */
	readonly cause: WakeCause;
	/** RTC memory: kept over deep sleep, random after power loss. */
	readonly retained: Uint8Array;
	/** Deep sleep: the machine ends here and starts again after `ms`. */
	sleep(ms: number): never;
	restart(): never;
}

/**
 * What a part of a host would like to know again after deep sleep, and can do without: where Wi-Fi was found, a TLS session.
 * RTC memory keeps it as bytes that nobody else understands; never anything that is nowhere else.
 */
export interface Keepsake {
	/** 1 to 15 of ASCII, the same at each boot. */
	readonly name: string;
	/** What `keep` returned before the last sleep, and never anything else. Not called when that is lost. */
	recall(bytes: Uint8Array): void;
	/** Asked for at the end of a waking: at most 2,048 bytes; more, or what has no room beside the rest, is not kept. */
	keep(): Uint8Array | undefined;
}

/** What a sensor measured, in natural units (ECMA-419 sensor classes). A quantity that could not be trusted is absent. */
export interface Sample {
	temperatureCelsius?: number;
	humidityPercent?: number;
	heartRateBpm?: number;
	spo2Percent?: number;
	batteryPercent?: number;
	latitudeDegrees?: number;
	longitudeDegrees?: number;
}

export type Quantity = keyof Sample;

/** Why a quantity is absent: a word or two for diagnostics ("no finger", "CRC"). */
export type Missing = { readonly [Name in Quantity]?: string };

/**
 * Something that measures. One without `start` gives its newest sample at any time. One with it measures when it is told to, or
 * needs a while to find out: it is started `warmUp` milliseconds ahead, asked when it is `ready`, and may rest after `stop`.
 */
export interface Sensor {
	readonly name: string;
	/** Milliseconds from `start` until it is ready, when all is well. */
	readonly warmUp?: number;
	/** Begins to measure, or begins anew. What goes wrong is told by `sample`. */
	start?(): void;
	/** Waiting any longer would give no more: it has what it can have, or has given up. */
	readonly ready?: boolean;
	/** Nobody needs it until the next `start`. Throws nothing. */
	stop?(): void;
	/** The newest sample, or undefined when there is none. Throws a Fault when the part does not answer as it must. */
	sample(): Sample | undefined;
	/** Of a part that measures all the time: what it has now, at no cost. Asked each second while somebody watches. */
	live?(): Sample | undefined;
	/** Why the last sample lacks what it lacks. */
	readonly missing?: Missing;
	close(): void;
}

/** The network below the routes: Wi-Fi or Ethernet. */
export interface Link {
	readonly state: 'down' | 'joining' | 'up';
	/** Signal strength, or undefined where there is none to measure. */
	readonly rssiDbm: number | undefined;
	onChanged: (() => void) | undefined;
	open(): void;
	close(): void;
}

/** What a message is about; a route maps it to a topic, a path or a port. */
export type Channel = 'data' | 'heartbeat' | 'alert' | 'diagnostics' | 'replies';

/** 'batch': several readings in one message, for routes that take it. 'live': worth something this second only. */
export type OutgoingChannel = Channel | 'batch' | 'live';

export interface Outgoing {
	readonly channel: OutgoingChannel;
	/**
	 * UTF-8 JSON, one object, as it goes out; packed, where the route has `packedRoom`. Nobody changes it any more: a route may keep
	 * it until its answer, and need not copy it.
	 */
	readonly body: ArrayBuffer | Uint8Array;
	/** A number that comes back with the receipt, unique among what is in flight. Undefined: sent once, no receipt is wanted. */
	readonly sequence: number | undefined;
	/** Its name at the server, of printable ASCII: the reading id, alert id or command id; of a batch, first..last. */
	readonly id?: string | undefined;
	/** Channel 'batch': the numbers of its readings in their order, each with a receipt or a refusal of its own; `sequence` is the first. */
	readonly batch?: readonly number[] | undefined;
	/** It went out before on this route and no receipt came (MQTT: DUP). */
	readonly again: boolean;
}

/** What a route tells. */
export interface RouteListener {
	/** `state` became `open`. */
	onOpen(): void;
	/** Once, when an open or opening route ends by itself, which it has logged; it is then `closed`, and whatever had no receipt
	 * has none. `retryAfter`: milliseconds that the server asked to wait (RFC 9110 §10.2.3), bounded by the route. */
	onClosed(fault: Fault, retryAfter?: number): void;
	/** The server holds this record for good. */
	onReceipt(sequence: number): void;
	/** The server will never take this record, as it stands (HTTP 400, 413, 422; a WebSocket nack). */
	onRefused(sequence: number, fault: Fault): void;
	/** After `send` returned false: there is room again. */
	onWritable(): void;
	/** A message from the server, whole: UTF-8 JSON, one object (commands). */
	onMessage(body: ArrayBuffer): void;
}

/** A way to the server. It reports what happens; the courier decides what to do. */
export interface Route {
	readonly name: string;
	readonly state: 'closed' | 'opening' | 'open';
	/** How many readings a message may carry: over 1, channel 'batch' is taken. */
	readonly batchLimit: number;
	/** It stays connected, and takes channel 'live'. */
	readonly isLive: boolean;
	/**
	 * Of a route on which each byte counts, always; of any other, never: bytes that a message may have now. It takes readings,
	 * alerts and results of commands alone, packed (modules/lora/FORMAT.md, ports 2 to 4); a reading or an alert without a
	 * sequence, for which there may be less room, as far as it goes. It is for when there is no link.
	 */
	readonly packedRoom?: number;
	/**
	 * An exchange is under way that is worth nothing when it is cut short (an uplink, and the windows for what comes down after it).
	 * When it is over, a receipt, `onWritable` or `onClosed` follows.
	 */
	readonly isBusy?: boolean;
	/** Whom it tells; set before `open`. One object and not a function for each event: on XS a closure is 12 slots. */
	listener: RouteListener | undefined;
	open(): void;
	/** True when it was taken; false when there is no room now (then `onWritable` follows). Throws unless `open`. */
	send(outgoing: Outgoing): boolean;
	/** Ends politely if it can; no callback follows. */
	close(): void;
}

/** What came of an uplink. */
export interface UplinkEnd {
	/** It was confirmed, and the network said that it has it. */
	readonly acknowledged: boolean;
}

/**
 * LoRaWAN 1.0.3, class A: one uplink at a time, and what comes down after it. LMIC on a board, a twin of it in the simulator.
 * What must not be used twice (frame counters, the DevNonce) is in its session, which its owner keeps: 16 bytes that the owner
 * reads (little-endian: u32 the next uplink's counter, u32 the next downlink's, u16 the next DevNonce (65,535: none is left), six of the radio's own that
 * may change at any uplink, as the data rate), and behind them what changes seldom; nothing, before the first join.
 */
export interface Radio {
	readonly state: 'closed' | 'joining' | 'joined';
	/** Bytes of payload that an uplink may carry at the data rate of now: 11 to 242. */
	readonly room: number;
	/** The next uplink may go at this moment, in ticks: duty cycle, dwell time, an uplink that is under way (Infinity). */
	readonly readyAt: number;
	/** Of the last downlink; undefined before one. */
	readonly rssiDbm: number | undefined;
	readonly snrDecibels: number | undefined;
	onJoined: (() => void) | undefined;
	/** The radio, the part or the library failed; it is closed then. */
	onFailed: ((fault: Fault) => void) | undefined;
	/** The uplink that send() began is over: its receive windows too. */
	onSent: ((end: UplinkEnd) => void) | undefined;
	onDownlink: ((port: number, payload: ArrayBuffer) => void) | undefined;
	/** `session` is another than before: called before what it counts is used. It is kept when this returns; if it throws, nothing is sent. */
	onSession: ((session: Uint8Array) => void) | undefined;
	/** The network told the time: epoch milliseconds of now. */
	onTime: ((time: number) => void) | undefined;
	/**
	 * Goes on with a session that was kept, or joins, if there is no more than its head. Asks again by itself, ever more seldom.
	 * @throws Fault 'malformed' for bytes that are no session
	 */
	open(session: Uint8Array): void;
	/**
	 * Begins an uplink.
	 * @param port 1 to 223
	 * @throws Fault 'range' for a payload over `room`, 'misuse' before `readyAt` or unless joined
	 */
	send(port: number, payload: Uint8Array, confirmed: boolean): void;
	close(): void;
}

/** Makes the bearer tokens that HTTP and WebSocket want. */
export interface Tokens {
	/** The token to send now; undefined while none can be made (the time is unknown). */
	token(): string | undefined;
	/** The server refused the token (401): it is thrown away. True: try once more, with a new one; false: back off. */
	rejected(): boolean;
	/** The server took it. */
	accepted(): void;
}

export type LogLevel = 'error' | 'warning' | 'info' | 'debug';
/** One line, no secret in it. `source` is the part that speaks ("mqtt", "journal"). */
export type Log = (level: LogLevel, source: string, message: string) => void;

/** A random unsigned 32-bit integer from the hardware, or seeded in tests. */
export type Random32 = () => number;
