import { DutyLedger } from '../../../modules/lora/ledger';
import type { Random32 } from '../../../modules/ports';
import type { Air, Listener, Reception, Transmission } from './air';
import { airtime } from './airtime';
import { addressOf, dataFrame, joinAccept, type Keys, openData, openJoinRequest, sessionKeys } from './frames';
import { asksForTime, deviceTime, linkAdr } from './options';
import { type DataRate, fastest, type Region } from './region';

/** An uplink that the network server hands on. */
export interface NetworkUplink {
	readonly devEui: string;
	readonly devAddr: string;
	readonly port: number;
	readonly payload: Buffer;
	readonly counter: number;
	readonly isConfirmed: boolean;
	readonly frequency: number;
	readonly dataRate: number;
	readonly rate: DataRate;
	readonly reception: Reception;
}

export interface Downlink {
	readonly port: number;
	readonly payload: Buffer;
}

export interface NetworkOptions {
	readonly air: Air;
	readonly region: Region;
	readonly random32: Random32;
	/** Epoch ms at the scheduler's 0. */
	readonly epoch: number;
	readonly onUplink: (uplink: NetworkUplink) => void;
}

interface Known {
	readonly devEui: string;
	readonly appKey: Buffer;
	readonly nonces: Set<number>;
	readonly queue: Downlink[];
	session: NetworkSession | undefined;
}

interface NetworkSession extends Keys {
	readonly devAddr: Buffer;
	/** The lowest uplink counter that is taken. */
	up: number;
	/** The one before: taken again, it is answered again, and not handed on. */
	last: { readonly counter: number; readonly bytes: Buffer } | undefined;
	down: number;
	/** The best signal-to-noise ratios of the last uplinks. */
	readonly snrs: number[];
}

const JOIN_DELAY = 5_000;
const DELAY = 1_000;
const NET_ID = Buffer.from('000013', 'hex');
/** Decibels that ADR leaves for bad days, and of one step. */
const ADR_MARGIN = 10;
const ADR_STEP = 2.5;
const ADR_UPLINKS = 6;

/**
 * A LoRaWAN 1.0.3 network server with its one gateway: joins, keys and MICs, counters, acknowledgements and commands in the first
 * window or the second, ADR, the time. It remembers every nonce and counts what is played again.
 */
export class NetworkServer implements Listener {
	readonly #options: NetworkOptions;
	readonly #devices = new Map<string, Known>();
	readonly #byAddress = new Map<string, Known>();
	/** The gateway's own share of the air. */
	readonly #ledger: DutyLedger;
	#addresses = 0;
	readonly counts = { joins: 0, uplinks: 0, downlinks: 0, repeatedNonces: 0, repeatedCounters: 0, refused: 0 };

	constructor(options: NetworkOptions) {
		const { air, region } = options;
		this.#options = options;
		const { scheduler } = air;
		const clock = {
			get ticks() {
				return scheduler.now;
			},
			time: undefined,
			alarm: () => ({ set() {}, clear() {} }),
		};
		this.#ledger = new DutyLedger(clock, region.bands);
		air.attachGateway(this);
	}

	register(devEui: string, appKey: Buffer): void {
		this.#devices.set(devEui, { devEui, appKey, nonces: new Set(), queue: [], session: undefined });
	}

	/** To be sent after the device's next uplink. @returns false for a device that nobody knows */
	push(devEui: string, downlink: Downlink): boolean {
		const device = this.#devices.get(devEui);
		device?.queue.push(downlink);
		return device !== undefined;
	}

	/** The session is gone here: as after a restart of a careless network server. */
	forget(devEui: string): void {
		const device = this.#devices.get(devEui);
		if (device) device.session = undefined;
	}

	/** A gateway listens on all channels and data rates of uplinks at once. */
	listens(): boolean {
		return true;
	}

	heard(transmission: Transmission, reception: Reception): void {
		const address = addressOf(transmission.bytes, true);
		if (address === undefined) this.#join(transmission);
		else this.#data(address, transmission, reception);
	}

	#join(transmission: Transmission): void {
		const { random32, region } = this.#options;
		const request = openJoinRequest(transmission.bytes, (devEui) => this.#devices.get(devEui)?.appKey);
		const device = request && this.#devices.get(request.devEui.toString('hex'));
		if (!request || !device) {
			this.counts.refused++;
			return;
		}
		if (device.nonces.has(request.devNonce)) {
			this.counts.repeatedNonces++;
			return;
		}
		device.nonces.add(request.devNonce);
		const appNonce = Buffer.alloc(3);
		appNonce.writeUIntBE(random32() % 2 ** 24, 0, 3);
		const devAddr = Buffer.alloc(4);
		devAddr.writeUInt32BE(0x2601_0000 + ++this.#addresses);
		const channels = Buffer.alloc(region.added.length > 0 ? 16 : 0);
		region.added.forEach((frequency, at) => {
			channels.writeUIntLE(frequency / 100, 3 * at, 3);
		});
		const accept = { appNonce, netId: NET_ID, devAddr, channels };
		const keys = sessionKeys(device.appKey, accept, request.devNonce);
		device.session = { ...keys, devAddr, up: 0, last: undefined, down: 0, snrs: [] };
		this.#byAddress.set(devAddr.toString('hex'), device);
		this.counts.joins++;
		this.#answer(transmission, JOIN_DELAY, () => joinAccept(accept, device.appKey), 33);
	}

	#data(address: string, transmission: Transmission, reception: Reception): void {
		const device = this.#byAddress.get(address);
		const { session } = device ?? {};
		if (!device || !session?.devAddr.equals(Buffer.from(address, 'hex'))) {
			this.counts.refused++;
			return;
		}
		const { bytes, frequency, rate } = transmission;
		const isAgain = session.last?.bytes.equals(bytes) === true;
		const data = openData(bytes, session, isAgain ? session.last!.counter : session.up);
		if (!data) {
			// A counter that was used before, for something else, must not be.
			if (openData(bytes, session, 0)) this.counts.repeatedCounters++;
			this.counts.refused++;
			return;
		}
		session.up = data.counter + 1;
		session.last = { counter: data.counter, bytes };
		session.snrs.push(reception.snrDecibels);
		if (session.snrs.length > ADR_UPLINKS) session.snrs.shift();
		const dataRate = this.#options.region.dataRates.indexOf(rate);
		if (!isAgain && data.port !== undefined && data.port > 0) {
			this.counts.uplinks++;
			const { devEui } = device;
			const { port, payload, counter, isConfirmed } = data;
			const uplink = {
				devEui,
				devAddr: address,
				port,
				payload,
				counter,
				isConfirmed,
				frequency,
				dataRate,
				rate,
				reception,
			};
			this.#options.onUplink(uplink);
		}
		const options = Buffer.concat([
			asksForTime(data.options) ? deviceTime(this.#options.epoch + this.#options.air.scheduler.now) : Buffer.alloc(0),
			data.adr ? this.#adr(session, dataRate) : Buffer.alloc(0),
		]);
		// Chosen when it goes out: what comes meanwhile from the server's side goes too.
		this.#answer(transmission, DELAY, () => this.#downlink(device, session, data.isConfirmed, options), 40);
	}

	/** Undefined: there is nothing to say. */
	#downlink(device: Known, session: NetworkSession, ack: boolean, options: Buffer): Buffer | undefined {
		if (device.session !== session) return undefined;
		const next = device.queue.shift();
		if (!ack && !next && options.length === 0) return undefined;
		this.counts.downlinks++;
		return dataFrame(
			{
				isUp: false,
				isConfirmed: false,
				devAddr: session.devAddr,
				counter: session.down++,
				adr: false,
				ack,
				isPending: device.queue.length > 0,
				options,
				port: next?.port,
				payload: next?.payload ?? Buffer.alloc(0),
			},
			session,
		);
	}

	/** In the first window, or, where the gateway's share of that band is used up, in the second. */
	#answer({ frequency, rate }: Transmission, delay: number, make: () => Buffer | undefined, length: number): void {
		const { air, region } = this.#options;
		const { scheduler } = air;
		const first = region.first(frequency, region.dataRates.indexOf(rate));
		const windows = [first, region.second].map((window, at) => ({ ...window, at: scheduler.now + delay + 1_000 * at }));
		const open = windows.find((window) => this.#ledger.readyAt(window.frequency) <= window.at);
		if (!open) return;
		const answer = region.dataRates[open.dataRate]!;
		this.#ledger.sent(open.frequency, Math.min(2_800, airtime(answer, length, false)));
		scheduler.schedule(open.at - scheduler.now, () => {
			const bytes = make();
			if (bytes)
				air.down({
					frequency: open.frequency,
					rate: answer,
					bytes,
					power: open === windows[0] ? region.gatewayPower : region.secondPower,
				});
		});
	}

	#adr({ snrs }: NetworkSession, dataRate: number): Buffer {
		const { region } = this.#options;
		if (snrs.length < ADR_UPLINKS || dataRate >= fastest(region)) return Buffer.alloc(0);
		const floor = -20 + ADR_STEP * (12 - region.dataRates[dataRate]!.spreadingFactor);
		const steps = Math.floor((Math.max(...snrs) - floor - ADR_MARGIN) / ADR_STEP);
		if (steps < 1) return Buffer.alloc(0);
		snrs.length = 0;
		return linkAdr(Math.min(fastest(region), dataRate + steps), region);
	}
}
