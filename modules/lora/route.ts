import { Fault } from '../fault';
import type { Alarm, Clock, Log, Outgoing, Radio, Route, RouteListener, UplinkEnd } from '../ports';
import { commandMessage } from './command';
import {
	ALERT_BYTE_LENGTH,
	Port,
	READING_BYTE_LENGTH,
	REPLY_BYTE_LENGTH,
	SHORT_ALERT_BYTE_LENGTH,
	SHORT_BYTE_LENGTH,
	shorten,
	shortenAlert,
} from './payload';
import type { SessionKeeper } from './session';

export interface LoraRouteOptions {
	readonly radio: Radio;
	/** Keeps the radio's session; the host hands it to what keeps over deep sleep. */
	readonly keeper: SessionKeeper;
	readonly clock: Clock;
	readonly log: Log;
	/** The network told the time: epoch milliseconds of now. */
	readonly onTime?: ((time: number) => void) | undefined;
}

/** Milliseconds until it asks for the time again when nobody answered: twice as long each time. */
const ASK_AGAIN_FIRST = 60_000;
const ASK_AGAIN_LAST = 3_600_000;

/** So many confirmed uplinks in succession that the network does not answer: it knows this session no more. */
const UNANSWERED_MAX = 4;

/**
 * The last resort where there is no Wi-Fi: packed records, one at a time, when the radio may send again. Each is confirmed, and
 * the network's acknowledgement is its receipt. A reading without a number goes as the guide's eight bytes, and an alert without one
 * in short: they get none, for the whole of them is to come yet.
 *
 *     closed ──open──▶ opening (joins, or goes on with its session) ──▶ open ──no acknowledgement, radio failed──▶ closed
 *                                                                      │ ▲
 *                                                                 send ▼ │ its receive windows are over, the band has rested
 *                                                                   sending
 */
export class LoraRoute implements Route {
	readonly name = 'lorawan';
	readonly batchLimit = 1;
	readonly isLive = false;
	listener: RouteListener | undefined;
	readonly #options: LoraRouteOptions;
	/** For the joined session that open() found, and for the moment when the band has rested. */
	readonly #alarm: Alarm;
	/** Nothing is sent that has no time, and the network tells it in answer to an uplink: without a clock, one goes for that alone. */
	readonly #asking: Alarm;
	#askAgain = ASK_AGAIN_FIRST;
	readonly #short = new Uint8Array(SHORT_BYTE_LENGTH);
	readonly #shortAlert = new Uint8Array(SHORT_ALERT_BYTE_LENGTH);
	#state: Route['state'] = 'closed';
	#isSending = false;
	#isWanted = false;
	/** Of the uplink under way; undefined: it wants no receipt. */
	#sequence: number | undefined;
	#unanswered = 0;

	constructor(options: LoraRouteOptions) {
		const { radio, clock, keeper, onTime } = options;
		this.#options = options;
		this.#alarm = clock.alarm(this);
		this.#asking = clock.alarm(this);
		radio.onJoined = () => this.#joined();
		radio.onFailed = (fault) => this.#end(fault);
		radio.onSent = (end) => this.#sent(end);
		radio.onDownlink = (port, payload) => this.#downlink(port, payload);
		radio.onSession = (session) => keeper.save(session);
		radio.onTime = (time) => onTime?.(time);
	}

	get state(): Route['state'] {
		return this.#state;
	}

	/** Bytes that an uplink may have now. */
	get packedRoom(): number {
		return this.#options.radio.room;
	}

	get isBusy(): boolean {
		return this.#isSending;
	}

	open(): void {
		if (this.#state !== 'closed') throw new Fault('misuse', 'lorawan: open already');
		const { radio, keeper, log } = this.#options;
		this.#state = 'opening';
		if (this.#unanswered >= UNANSWERED_MAX) {
			log('info', 'lorawan', `${this.#unanswered} uplinks unanswered: it joins anew`);
			this.#unanswered = 0;
			keeper.forget();
		}
		try {
			radio.open(keeper.session);
		} catch (thrown) {
			const fault = Fault.from(thrown, 'malformed');
			log('warning', 'lorawan', `the session is not taken: ${fault.message}`);
			keeper.forget();
			radio.open(keeper.session);
		}
		if (radio.state === 'joined') this.#alarm.set(0);
	}

	send({ channel, body, sequence }: Outgoing): boolean {
		if (this.#state !== 'open') throw new Fault('misuse', 'lorawan: not open');
		const port = portOf(channel, body.byteLength, sequence);
		const { radio, clock } = this.#options;
		const wait = radio.readyAt - clock.ticks;
		const payload = this.#payloadOf(port, new Uint8Array(body), sequence);
		if (this.#isSending || wait > 0 || payload.byteLength > radio.room) {
			this.#isWanted = true;
			if (!this.#isSending && wait > 0 && wait < 2 ** 31) this.#alarm.set(Math.ceil(wait));
			return false;
		}
		this.#isSending = true;
		this.#sequence = sequence;
		try {
			// An alert in short gets no receipt, and is worth the network's acknowledgement all the same: it goes again without one.
			radio.send(port, payload, port !== Port.SHORT);
		} catch (thrown) {
			this.#isSending = false;
			throw thrown;
		}
		return true;
	}

	#payloadOf(port: number, whole: Uint8Array, sequence: number | undefined): Uint8Array {
		if (sequence !== undefined) return whole;
		const short = port === Port.ALERT ? this.#shortAlert : this.#short;
		if (port === Port.ALERT) shortenAlert(whole, short);
		else shorten(whole, short);
		return short;
	}

	close(): void {
		if (this.#state === 'closed') return;
		this.#reset();
		this.#options.radio.close();
	}

	#reset(): void {
		this.#state = 'closed';
		this.#alarm.clear();
		this.#asking.clear();
		this.#isSending = false;
		this.#isWanted = false;
		this.#sequence = undefined;
	}

	onAlarm(alarm: Alarm): void {
		if (alarm === this.#asking) this.#ask();
		else if (this.#state === 'opening') this.#joined();
		else this.#writable();
	}

	#joined(): void {
		if (this.#state !== 'opening') return;
		this.#alarm.clear();
		this.#state = 'open';
		this.#options.log('info', 'lorawan', `joined, ${this.packedRoom} bytes an uplink`);
		this.#tell('onOpen');
		this.#ask();
	}

	#ask(): void {
		const { radio, clock, log } = this.#options;
		if (this.#state !== 'open' || clock.time !== undefined) return;
		const wait = radio.readyAt - clock.ticks;
		if (this.#isSending || wait > 0) {
			this.#asking.set(Math.ceil(Math.min(ASK_AGAIN_FIRST, Math.max(1, wait))));
			return;
		}
		log('debug', 'lorawan', 'asks what time it is');
		this.#isSending = true;
		this.#asking.set(this.#askAgain);
		this.#askAgain = Math.min(ASK_AGAIN_LAST, 2 * this.#askAgain);
		try {
			radio.send(Port.COMMAND, new Uint8Array(0), false);
		} catch (thrown) {
			this.#end(Fault.from(thrown, 'misuse'));
		}
	}

	#sent({ acknowledged }: UplinkEnd): void {
		if (!this.#isSending) return;
		const sequence = this.#sequence;
		this.#isSending = false;
		this.#sequence = undefined;
		if (sequence !== undefined && !acknowledged) {
			this.#unanswered++;
			this.#end(new Fault('timeout', 'lorawan: an uplink was not acknowledged'));
			return;
		}
		if (acknowledged) this.#unanswered = 0;
		if (sequence !== undefined) {
			this.#tell('onReceipt', sequence);
			this.#writable();
			return;
		}
		// No receipt tells that it is over, and the band may have to rest for longer than anybody stays awake.
		this.#isWanted = false;
		this.#tell('onWritable');
	}

	/** Tells whoever was turned away, once the radio may send again. */
	#writable(): void {
		if (!this.#isWanted || this.#isSending || this.#state !== 'open') return;
		const { radio, clock } = this.#options;
		const wait = radio.readyAt - clock.ticks;
		if (wait > 0) {
			if (wait < 2 ** 31) this.#alarm.set(Math.ceil(wait));
			return;
		}
		this.#isWanted = false;
		this.#tell('onWritable');
	}

	#downlink(port: number, payload: ArrayBuffer): void {
		const { log, radio } = this.#options;
		if (port !== Port.COMMAND) {
			log('debug', 'lorawan', `a downlink on port ${port}: none of ours`);
			return;
		}
		log('debug', 'lorawan', `a command, ${radio.rssiDbm ?? '?'} dBm, ${radio.snrDecibels ?? '?'} dB`);
		let message: ArrayBuffer;
		try {
			message = commandMessage(payload);
		} catch (thrown) {
			log('warning', 'lorawan', Fault.from(thrown, 'malformed').message);
			return;
		}
		this.#tell('onMessage', message);
	}

	/** What the listener throws ends the route: above are the radio's callbacks and the alarms, where nobody catches. */
	#tell<Name extends 'onOpen' | 'onReceipt' | 'onWritable' | 'onMessage'>(
		name: Name,
		value?: Parameters<RouteListener[Name]>[0],
	): void {
		try {
			this.listener?.[name](value as never);
		} catch (thrown) {
			this.#end(new Fault('misuse', `lorawan: a callback threw: ${Fault.from(thrown, 'misuse').message}`));
		}
	}

	#end(fault: Fault): void {
		if (this.#state === 'closed') return;
		this.#reset();
		this.#options.radio.close();
		this.#options.log('info', 'lorawan', fault.message);
		try {
			this.listener?.onClosed(fault);
		} catch (thrown) {
			this.#options.log('error', 'lorawan', `onClosed threw: ${Fault.from(thrown, 'misuse').message}`);
		}
	}
}

function portOf(channel: Outgoing['channel'], length: number, sequence: number | undefined): number {
	if (channel === 'data' && length === READING_BYTE_LENGTH) return sequence === undefined ? Port.SHORT : Port.READING;
	if (channel === 'alert' && length === ALERT_BYTE_LENGTH) return Port.ALERT;
	if (channel === 'replies' && length === REPLY_BYTE_LENGTH && sequence !== undefined) return Port.REPLY;
	throw new Fault('misuse', `lorawan: ${channel} of ${length} bytes is not packed for it`);
}
