import type { Fault } from '../fault';
import type { Alarm, Clock, Keepsake, Log, Random32 } from '../ports';
import { offerOfDate } from './date-header';
import { DecidedClock } from './decided-clock';
import { Discipline } from './discipline';
import { Exchange } from './exchange';
import { LASTING } from './opinion';
import { DATE, KEPT, type NamesPart, NETWORK, NETWORK_WEIGHT, type Offer, type UdpPart } from './parts';
import { isTime } from './window';

/** Who is asked for the time, and by what. */
export interface TimeServers {
	readonly udp: UdpPart;
	readonly dns: NamesPart;
	/** Names or IPv4 addresses, at least one; three make a lie found out. */
	readonly servers: readonly string[];
}

export interface TimekeeperOptions extends TimeServers {
	/** The host's own: its `time` is what it kept by itself, and is asked for once. */
	readonly clock: Clock;
	readonly random32: Random32;
	/** Epoch milliseconds that have surely passed: when the firmware was built. No source is believed that says earlier. */
	readonly earliest: number;
	/** Tells the host's own clock, so that it knows the time after deep sleep or a restart. */
	readonly set?: (time: number) => void;
	/** The time jumped by more than a second; `from` is undefined when it was unknown. */
	readonly onStep?: (from: number | undefined, to: number) => void;
	readonly log: Log;
}

/** Exponents of 2 of the seconds between two exchanges (RFC 5905 §7.2): from 64 s to 4,096 s. */
const SHORTEST_POLL = 6;
const LONGEST_POLL = 12;
/** Milliseconds until the next server is asked when nobody answered, at first, or when one said otherwise (RFC 4330 §10: 15 s). */
const AGAIN = 16_000;

/** How wrong a clock may be that nobody told since the power came, in milliseconds: it may have stood in a restart. */
const UNSURE = 600_000;
/** Milliseconds by which a LoRaWAN network may be wrong: whoever forwards the uplink may be late, a leap second unknown here. */
const NETWORK_UNCERTAINTY = 1_000;
/** Parts per million by which the oscillator is off that counts in deep sleep. */
const SLEEP_PPM = 20_000;

const KEPT_BYTES = 20;
const VERSION = 1;

/**
 * The one place that decides what time it is: it asks time servers while there is a network, hears the Date of the server that
 * the device delivers to, and gives the firmware its clock. What it believes, whom and when is in DESIGN.md.
 */
export class Timekeeper implements Keepsake {
	readonly name = 'time';
	/** The host's ticks and alarms, and the time as it was decided. */
	readonly clock: Clock;
	readonly #options: TimekeeperOptions;
	readonly #discipline: Discipline;
	readonly #exchange: Exchange;
	readonly #alarm: Alarm;
	#poll = SHORTEST_POLL;
	/** Exchanges in a row that brought nothing. */
	#failures = 0;
	/** When somebody who was believed told the time last: ticks in this boot, epoch milliseconds in one before. */
	#toldAt: number | undefined;
	#toldBefore: number | undefined;

	/** @throws Fault 'range' without a server */
	constructor(options: TimekeeperOptions) {
		const { clock, earliest, log } = options;
		this.#options = options;
		this.#alarm = clock.alarm(this);
		this.#discipline = new Discipline({
			earliest,
			onStep: (from, to) => {
				const was = from === undefined ? '' : `, was ${new Date(from).toISOString()}`;
				log(this.#toldAt === undefined ? 'info' : 'warning', 'time', `it is ${new Date(to).toISOString()}${was}`);
				options.onStep?.(from, to);
			},
		});
		this.#exchange = new Exchange({
			...options,
			onOffer: (offer) => this.#take(offer),
			onFailed: (fault, isBegged) => this.#failed(fault, isBegged),
		});
		this.clock = new DecidedClock(clock, this.#discipline);
		this.#begin(UNSURE, 0, 0);
	}

	/** Milliseconds by which the time may be wrong if the sources are honest; undefined while it is unknown. */
	get uncertainty(): number | undefined {
		return this.#discipline.uncertainty(this.#options.clock.ticks);
	}

	get driftPpm(): number {
		return this.#discipline.driftPpm;
	}

	/** There is a network. */
	start(): void {
		this.#arm();
	}

	onAlarm(): void {
		this.#exchange.ask();
	}

	/** There is none. */
	stop(): void {
		this.#alarm.clear();
		this.#exchange.close();
	}

	/**
	 * The Date header of a response of a server whose certificate was verified. Ticks are the clock's: when the request went out
	 * and when the header came. What is no date, or too old, is passed over.
	 */
	serverDate(text: string, askedAt: number, answeredAt: number): void {
		const offer = offerOfDate(text, askedAt, answeredAt);
		if (offer) this.#take(offer);
		else this.#options.log('debug', 'time', 'a Date that says nothing');
	}

	/** What a LoRaWAN network answered (DeviceTimeAns): epoch milliseconds of now. What is too old is passed over. */
	networkTime(time: number): void {
		const at = this.#options.clock.ticks;
		this.#take({ source: NETWORK, time, at, uncertainty: NETWORK_UNCERTAINTY, weight: NETWORK_WEIGHT });
	}

	/** 20 bytes, big-endian: told (float64, epoch ms), uncertainty (float32, ms), drift (float32, ppm), weight, poll, server, version. */
	keep(): Uint8Array | undefined {
		const { ticks } = this.#options.clock;
		const time = this.#discipline.time(ticks);
		if (time === undefined) return undefined;
		const told = this.#toldAt === undefined ? this.#toldBefore : time - (ticks - this.#toldAt);
		if (told === undefined) return undefined;
		const bytes = new Uint8Array(KEPT_BYTES);
		const view = new DataView(bytes.buffer);
		view.setFloat64(0, told);
		view.setFloat32(8, this.#discipline.uncertainty(ticks)!);
		view.setFloat32(12, this.#discipline.driftPpm);
		view.setUint8(16, Math.min(255, this.#discipline.weight(ticks)));
		view.setUint8(17, this.#poll);
		view.setUint8(18, this.#exchange.next);
		view.setUint8(19, VERSION);
		return bytes;
	}

	recall(bytes: Uint8Array): void {
		if (bytes.length !== KEPT_BYTES || bytes[19] !== VERSION || this.#toldAt !== undefined) return;
		const view = new DataView(bytes.buffer, bytes.byteOffset);
		const told = view.getFloat64(0);
		const { time } = this.#options.clock;
		if (!isTime(time, this.#options.earliest) || !(told <= time)) return;
		this.#toldBefore = told;
		this.#poll = Math.min(LONGEST_POLL, Math.max(SHORTEST_POLL, view.getUint8(17)));
		this.#exchange.next = view.getUint8(18);
		const uncertainty = view.getFloat32(8) + ((time - told) * SLEEP_PPM) / 1e6;
		const weight = time - told < LASTING ? view.getUint8(16) : 0;
		this.#begin(Math.max(0, uncertainty), weight, view.getFloat32(12));
	}

	#begin(uncertainty: number, weight: number, driftPpm: number): void {
		const { clock, earliest } = this.#options;
		const { time, ticks: at } = clock;
		if (isTime(time, earliest)) this.#discipline.begin({ source: KEPT, time, at, uncertainty, weight }, driftPpm);
	}

	#take(offer: Offer): void {
		const { clock, set, log } = this.#options;
		const { source } = offer;
		// The others come when they come, and say nothing of the servers, nor of a network to ask them by.
		const isAsked = source !== DATE && source !== NETWORK;
		const verdict = this.#discipline.offer(offer, clock.ticks);
		if (verdict === 'refused' || verdict === 'differs') {
			const words = verdict === 'refused' ? 'which cannot be' : 'which nobody else says';
			log('warning', 'time', `${source} says ${iso(offer.time)}, ${words}`);
			this.#poll = SHORTEST_POLL;
			if (isAsked) this.#alarm.set(this.#wait());
			return;
		}
		this.#toldAt = clock.ticks;
		log('debug', 'time', `${source} ${verdict}, ±${Math.ceil(offer.uncertainty)} ms`);
		set?.(Math.round(this.#discipline.time(clock.ticks)!));
		if (!isAsked) return;
		this.#failures = 0;
		this.#poll = verdict === 'agrees' ? Math.min(LONGEST_POLL, this.#poll + 1) : SHORTEST_POLL;
		this.#arm();
	}

	#failed(fault: Fault, isBegged: boolean): void {
		this.#options.log('warning', 'time', fault.message);
		if (isBegged) this.#poll = Math.min(LONGEST_POLL, this.#poll + 2);
		this.#alarm.set(Math.max(this.#wait(), isBegged ? this.#spread(2 ** this.#poll * 1000) : 0));
	}

	/** Milliseconds after an exchange that brought nothing: twice as long each time. */
	#wait(): number {
		const wait = this.#spread(Math.min(2 ** LONGEST_POLL * 1000, AGAIN * 2 ** this.#failures));
		this.#failures = Math.min(this.#failures + 1, LONGEST_POLL);
		return wait;
	}

	/** The next exchange, a poll interval after the last; at once where there was none. */
	#arm(): void {
		if (!this.#exchange.isIdle) return;
		const { ticks, time } = this.#options.clock;
		const interval = this.#spread(2 ** this.#poll * 1000);
		let since = Number.POSITIVE_INFINITY;
		if (this.#toldAt !== undefined) since = ticks - this.#toldAt;
		else if (this.#toldBefore !== undefined && time !== undefined) since = time - this.#toldBefore;
		this.#alarm.set(Math.max(0, interval - since));
	}

	/** A little sooner or later each time, so that a thousand devices do not ask at once. */
	#spread(milliseconds: number): number {
		return Math.round(milliseconds * (0.875 + this.#options.random32() / 2 ** 34));
	}
}

function iso(time: number): string {
	return Math.abs(time) <= 8.64e15 ? new Date(time).toISOString() : 'no date';
}
