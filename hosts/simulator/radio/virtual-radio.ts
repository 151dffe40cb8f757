import { Fault } from '../../../modules/fault';
import { DutyLedger } from '../../../modules/lora/ledger';
import type { Clock, Radio, Random32, UplinkEnd } from '../../../modules/ports';
import type { Air, Reception } from './air';
import { airtime, FRAME_OVERHEAD } from './airtime';
import { dataFrame, joinRequest, openData, openJoinAccept, sessionKeys } from './frames';
import { deviceTimeRequest, obey } from './options';
import { fastest, type Region, slowest } from './region';
import { readSession, type Session, writeSession } from './session';
import { Transceiver, type TransceiverOwner } from './transceiver';

export interface RadioOptions {
	readonly air: Air;
	readonly region: Region;
	/** Of this boot of the board. */
	readonly clock: Clock;
	readonly random32: Random32;
	readonly devEui: Buffer;
	readonly joinEui: Buffer;
	readonly appKey: Buffer;
	/** Of the last waking, if that was the last. */
	readonly ledger?: DutyLedger;
}

/** What an uplink is while its frames go out, up to the end of the last receive window. */
interface Under {
	readonly frame: (dataRate: number) => Buffer;
	readonly isJoin: boolean;
	readonly isConfirmed: boolean;
	attempts: number;
	dataRate: number;
}

/** LoRaWAN 1.0.3, section 7: of the air, a join may take so much in its first hour, the ten behind it, and from then on. */
const JOIN_SHARES: readonly (readonly [until: number, share: number])[] = [
	[3_600_000, 0.01],
	[39_600_000, 0.001],
	[Number.POSITIVE_INFINITY, 0.0001],
];
/** As often as a confirmed uplink goes out; every second time more slowly (section 18.1, of the regional parameters). */
const ATTEMPTS = 4;
const [RX1, JOIN_RX1] = [1_000, 5_000];
const NO_NONCE = 0xffff;
/** The first join request goes within so many milliseconds, by chance. */
const FIRST_JOIN = 5_000;

/**
 * A LoRaWAN 1.0.3 class A radio of the virtual world, with what LMIC does on a board: join with back-off, counters, duty cycle,
 * retransmissions, receive windows, ADR, the network's time.
 */
export class VirtualRadio implements Radio, TransceiverOwner {
	readonly #options: RadioOptions;
	readonly #ledger: DutyLedger;
	readonly #transceiver: Transceiver;
	#state: Radio['state'] = 'closed';
	#session: Session | undefined;
	#nonce = 0;
	/** The data rate of the next uplink; of a join, of the next try. */
	#dataRate: number;
	#joiningSince: number | undefined;
	#under: Under | undefined;
	#answers: Buffer = Buffer.alloc(0);
	#mustAck = false;
	#knowsTime = false;
	#isAcknowledged = false;
	rssiDbm: number | undefined;
	snrDecibels: number | undefined;
	onJoined: (() => void) | undefined;
	onFailed: ((fault: Fault) => void) | undefined;
	onSent: ((end: UplinkEnd) => void) | undefined;
	onDownlink: ((port: number, payload: ArrayBuffer) => void) | undefined;
	onSession: ((session: Uint8Array) => void) | undefined;
	onTime: ((time: number) => void) | undefined;

	constructor(options: RadioOptions) {
		const { clock, region, ledger = new DutyLedger(clock, region.bands) } = options;
		this.#options = options;
		this.#ledger = ledger;
		this.#dataRate = fastest(region);
		const { air, random32 } = options;
		this.#transceiver = new Transceiver({ air, region, clock, random32, ledger, owner: this });
	}

	get state(): Radio['state'] {
		return this.#state;
	}

	get room(): number {
		const { region } = this.#options;
		return region.room[this.#dataRate]! - this.#fieldOptions().length;
	}

	get readyAt(): number {
		return this.#under || this.#state !== 'joined' ? Number.POSITIVE_INFINITY : this.#readyAt();
	}

	open(session: Uint8Array): void {
		const head = readSession(session);
		if (!head) throw new Fault('malformed', `lorawan: ${session.byteLength} bytes are no session`);
		this.#nonce = head.nonce;
		this.#session = head.session;
		if (head.nonce > 0) this.#ledger.presume();
		this.#transceiver.open();
		if (head.session) {
			this.#dataRate = head.session.dataRate;
			this.#state = 'joined';
			return;
		}
		this.#state = 'joining';
		// A device that wakes for a while at a time must come to the slow ones too.
		this.#dataRate = this.#slower(head.tried ?? 0);
		// Many may have got their power back at once.
		const delay = this.#options.random32() % FIRST_JOIN;
		this.#transceiver.wait(Math.max(delay, this.#readyAt() - this.#options.clock.ticks), () => this.#join());
	}

	send(port: number, payload: Uint8Array, confirmed: boolean): void {
		const session = this.#session;
		const { clock } = this.#options;
		if (this.#state !== 'joined' || !session) throw new Fault('misuse', 'lorawan: not joined');
		if (this.readyAt > clock.ticks) throw new Fault('misuse', `lorawan: not before ${this.readyAt}`);
		if (payload.byteLength > this.room)
			throw new Fault('range', `lorawan: ${payload.byteLength} bytes, at most ${this.room}`);
		const counter = session.up;
		session.up++;
		this.#save();
		const data = {
			isUp: true,
			isConfirmed: confirmed,
			devAddr: session.devAddr,
			counter,
			adr: true,
			ack: this.#mustAck,
			options: this.#fieldOptions(),
			port,
			payload: Buffer.from(payload),
		};
		const frame = dataFrame(data, session);
		this.#answers = Buffer.alloc(0);
		this.#mustAck = false;
		this.#isAcknowledged = false;
		this.#under = { frame: () => frame, isJoin: false, isConfirmed: confirmed, attempts: 0, dataRate: this.#dataRate };
		this.#transmit();
	}

	close(): void {
		this.#state = 'closed';
		this.#under = undefined;
		this.#transceiver.close();
	}

	get isAnswered(): boolean {
		return this.#isAcknowledged || (this.#under?.isJoin === true && this.#state === 'joined');
	}

	taken(bytes: Buffer, { rssiDbm, snrDecibels }: Reception): void {
		if (!this.#under) return;
		if (!(this.#under.isJoin ? this.#accepted(bytes) : this.#received(bytes))) return;
		this.rssiDbm = rssiDbm;
		this.snrDecibels = snrDecibels;
	}

	#channels(): readonly number[] {
		const { channels, added } = this.#options.region;
		return this.#session?.isWide ? [...channels, ...added] : channels;
	}

	#readyAt(): number {
		return this.#transceiver.readyAt(this.#channels());
	}

	#fieldOptions(): Buffer {
		return this.#knowsTime ? this.#answers : Buffer.concat([this.#answers, deviceTimeRequest()]);
	}

	#save(): void {
		this.onSession?.(writeSession(this.#nonce, this.#dataRate, this.#session));
	}

	#fail(thrown: unknown): void {
		this.close();
		this.onFailed?.(Fault.from(thrown, 'flash'));
	}

	#join(): void {
		const { clock, devEui, joinEui, appKey } = this.#options;
		this.#joiningSince ??= clock.ticks;
		const devNonce = this.#nonce;
		try {
			if (devNonce === NO_NONCE) throw new Fault('misuse', 'lorawan: no DevNonce is left');
			this.#nonce++;
			this.#save();
		} catch (thrown) {
			this.#fail(thrown);
			return;
		}
		const frame = joinRequest({ joinEui, devEui, devNonce }, appKey);
		this.#under = { frame: () => frame, isJoin: true, isConfirmed: false, attempts: 0, dataRate: this.#dataRate };
		this.#transmit();
	}

	/** The frame of what is under way. */
	#transmit(): void {
		const under = this.#under!;
		under.attempts++;
		const delay = under.isJoin ? JOIN_RX1 : RX1;
		this.#transceiver.transmit(under.frame(under.dataRate), under.dataRate, this.#channels(), delay);
	}

	over(): void {
		const under = this.#under;
		if (!under) return;
		if (under.isJoin) {
			this.#joinOver(under);
			return;
		}
		if (under.isConfirmed && !this.#isAcknowledged && under.attempts < ATTEMPTS) {
			this.#again(under);
			return;
		}
		this.#under = undefined;
		// Unheard, ADR gives up speed for reach, one step at a time (section 4.3.1.1).
		if (under.isConfirmed && !this.#isAcknowledged)
			this.#useDataRate(Math.max(slowest(this.#options.region), this.#dataRate - 1));
		this.onSent?.({ acknowledged: this.#isAcknowledged });
	}

	/** The same frame once more, after 1 to 3 seconds and when a channel has rested. */
	#again(under: Under): void {
		const { region, clock, random32 } = this.#options;
		const slower = Math.max(slowest(region), under.dataRate - (under.attempts % 2 === 0 ? 1 : 0));
		if (under.frame(slower).length - FRAME_OVERHEAD <= region.room[slower]!) under.dataRate = slower;
		const wait = Math.max(1_000 + (random32() % 2_000), this.#readyAt() - clock.ticks);
		this.#transceiver.wait(wait, () => this.#transmit());
	}

	#joinOver(under: Under): void {
		const { clock, region, random32 } = this.#options;
		this.#under = undefined;
		if (this.#session) {
			this.#joiningSince = undefined;
			this.onJoined?.();
			return;
		}
		const took = airtime(region.dataRates[under.dataRate]!, 23);
		const since = clock.ticks - this.#joiningSince!;
		const [, share] = JOIN_SHARES.find(([until]) => since < until)!;
		this.#dataRate = this.#slower(this.#dataRate);
		// Many that lost one network come back at different moments.
		const wait = (took / share) * (1 + random32() / 2 ** 32 / 2);
		this.#transceiver.wait(Math.max(wait, this.#readyAt() - clock.ticks), () => this.#join());
	}

	#accepted(bytes: Buffer): boolean {
		const { appKey } = this.#options;
		const accept = this.#session ? undefined : openJoinAccept(bytes, appKey);
		if (!accept) return false;
		const keys = sessionKeys(appKey, accept, this.#nonce - 1);
		const { devAddr, channels } = accept;
		const dataRate = this.#dataRate;
		this.#session = { ...keys, up: 0, down: 0, nonce: this.#nonce, dataRate, devAddr, isWide: channels.length > 0 };
		this.#state = 'joined';
		try {
			this.#save();
		} catch (thrown) {
			this.#fail(thrown);
		}
		return true;
	}

	#received(bytes: Buffer): boolean {
		const session = this.#session!;
		const data = openData(bytes, session, session.down);
		if (!data || data.isUp || !data.devAddr.equals(session.devAddr)) return false;
		session.down = data.counter + 1;
		if (data.ack) this.#isAcknowledged = true;
		if (data.isConfirmed) this.#mustAck = true;
		const { answers, dataRate, time } = obey(data.options, this.#options.region);
		this.#answers = answers;
		if (dataRate !== undefined) this.#useDataRate(dataRate);
		try {
			this.#save();
		} catch (thrown) {
			this.#fail(thrown);
			return true;
		}
		if (time !== undefined) {
			this.#knowsTime = true;
			this.onTime?.(time + Math.round(this.#options.clock.ticks - this.#transceiver.sentEnd));
		}
		if (data.port !== undefined && data.port > 0) this.onDownlink?.(data.port, Uint8Array.from(data.payload).buffer);
		return true;
	}

	/** Of join requests: one step slower, and from the slowest to the fastest. */
	#slower(dataRate: number): number {
		const { region } = this.#options;
		return dataRate <= slowest(region) ? fastest(region) : dataRate - 1;
	}

	#useDataRate(dataRate: number): void {
		this.#dataRate = dataRate;
		if (this.#session) this.#session.dataRate = dataRate;
	}
}
