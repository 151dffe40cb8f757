import { type Air, type Chip, DETECTION_SYMBOLS, type Frame, frameMicros } from '../../../../hosts/simulator/lmic/chip';
import { Sx1276 } from '../../../../hosts/simulator/lmic/sx1276';
import type { EngineParts } from '../../../../hosts/simulator/lmic/trial';
import {
	dataFrame,
	joinRequest,
	type Keys,
	openData,
	openJoinAccept,
	sessionKeys,
} from '../../../../hosts/simulator/radio/frames';
import { deviceTimeRequest, obey } from '../../../../hosts/simulator/radio/options';
import type { Window } from '../../../../hosts/simulator/radio/region';
import { eu868 } from '../../../../hosts/simulator/radio/regions';
import type { Engine } from '../../../../modules/lmic/interface';
import { NEVER, Order, Told } from '../../../../modules/lmic/message';
import { crc16 } from '../../../../modules/lmic/session';

const TAIL_LENGTH = 60;
const DATA_RATE = 5;
const SYMBOLS = 16;
const HOUR = 3_600_000;
const SHARE = 33_200;
const GPS_EPOCH = 315_964_800;
const LEAP_SECONDS = 18;
const modem: Frame = {
	spreadingFactor: 7,
	bandwidthHz: 125_000,
	codingRate: 1,
	isImplicit: false,
	hasCrc: true,
	isOptimized: false,
	preamble: 8,
};

interface Session extends Keys {
	readonly devAddr: Buffer;
}

/**
 * An engine for CI, which has no LMIC: it speaks engine.h's messages on one side and an SX1276's registers on the other, and in
 * between is a class A device of EU868 at DR5 that sends each uplink once.
 */
export class RegisterEngine implements Engine {
	readonly region = 1;
	onMessage: ((message: ArrayBuffer) => void) | undefined;
	readonly #parts: EngineParts;
	#radio: Chip | undefined;
	#onLine: ((line: number, micros: number) => void) | undefined;
	#identity = { joinEui: Buffer.alloc(8), devEui: Buffer.alloc(8), appKey: Buffer.alloc(16) };
	#session: Session | undefined;
	#up = 0;
	#down = 0;
	#nonce = 0;
	#limits = { counter: 0, nonce: 0 };
	/** Microseconds. */
	#readyAt = 0;
	#isBusy = false;
	/** Microseconds. */
	#sentEnd = 0;
	#timers = new Set<{ cancel(): void }>();

	constructor(parts: EngineParts) {
		this.#parts = parts;
	}

	open(): void {
		const { air, random32 } = this.#parts;
		this.#radio = new Sx1276({
			air: air as Air,
			random32,
			at: (micros, run) => this.#at(micros, run),
			onLine: (line, micros) => this.#onLine?.(line, micros),
		});
	}

	close(): void {
		for (const timer of this.#timers) timer.cancel();
		this.#radio = undefined;
	}

	tell(message: Uint8Array): void {
		const view = new DataView(message.buffer, message.byteOffset);
		const reversed = (from: number) => Buffer.from(message.subarray(from, from + 8)).reverse();
		switch (message[0]) {
			case Order.BEGIN:
				this.#identity = { joinEui: reversed(1), devEui: reversed(9), appKey: Buffer.from(message.subarray(17, 33)) };
				break;
			case Order.GRANT:
				this.#limits = { counter: view.getUint32(1, true), nonce: view.getUint16(5, true) };
				break;
			case Order.JOIN:
				this.#nonce = view.getUint16(1, true);
				this.#hold(view.getUint32(3, true));
				this.#at(this.#readyAt, () => this.#join());
				break;
			case Order.RESUME:
				this.#resume(message, view);
				break;
			case Order.SEND:
				this.#send(message[1]!, Buffer.from(message.subarray(3)), (message[2]! & 1) !== 0, (message[2]! & 2) !== 0);
		}
	}

	get #micros(): number {
		return Math.ceil(this.#parts.scheduler.now * 1000);
	}

	#at(micros: number, run: () => void): { cancel(): void } {
		const { scheduler } = this.#parts;
		const timer = scheduler.schedule(Math.max(0, micros / 1000 - scheduler.now), () => {
			this.#timers.delete(timer);
			run();
		});
		this.#timers.add(timer);
		return timer;
	}

	#write(...pairs: readonly (readonly [register: number, ...bytes: readonly number[]])[]): void {
		for (const [register, ...bytes] of pairs)
			this.#radio!.spiWrite(0x80 | register, Uint8Array.from(bytes), this.#micros);
	}

	#tune(frequency: number, spreadingFactor = modem.spreadingFactor): void {
		const steps = Math.round((frequency * 2 ** 19) / 32e6);
		this.#write([0x01, 0x00], [0x01, 0x80], [0x01, 0x81], [0x06, steps >> 16, (steps >> 8) & 255, steps & 255]);
		this.#write(
			[0x1d, 0x72, (spreadingFactor << 4) | 4, SYMBOLS],
			[0x26, spreadingFactor > 10 ? 8 : 0],
			[0x20, 0, 8],
			[0x39, 0x34],
			[0x0e, 0, 0],
			[0x11, 0],
			[0x12, 0xff],
		);
	}

	/** Sends, and listens in the first window; `heard` is told what came there. */
	#transact(frame: Buffer, delay: number, heard: (bytes: Buffer | undefined) => void): void {
		this.#isBusy = true;
		const { channels } = eu868;
		const frequency = channels[this.#parts.random32() % channels.length]!;
		this.#tune(frequency);
		this.#write([0x33, 0x27], [0x22, frame.length], [0x0d, 0], [0x00, ...frame], [0x40, 0x40]);
		this.#readyAt = this.#micros + (frameMicros(modem, frame.length) * HOUR) / SHARE;
		this.#write([0x01, 0x83]);
		this.#onLine = (_line, end) => {
			this.#sentEnd = end;
			const first = eu868.first(frequency, DATA_RATE);
			this.#listen(first, end + delay * 1000, (bytes) => {
				if (bytes) this.#over(bytes, heard);
				else this.#listen(eu868.second, end + (delay + 1_000) * 1000, (late) => this.#over(late, heard));
			});
		};
	}

	#over(bytes: Buffer | undefined, heard: (bytes: Buffer | undefined) => void): void {
		this.#onLine = undefined;
		this.#isBusy = false;
		heard(bytes);
	}

	/** @param start microseconds of what is awaited */
	#listen({ frequency, dataRate }: Window, start: number, heard: (bytes: Buffer | undefined) => void): void {
		const { spreadingFactor } = eu868.dataRates[dataRate]!;
		const early = ((DETECTION_SYMBOLS + 2) * 2 ** spreadingFactor * 1e6) / modem.bandwidthHz;
		this.#at(start - early, () => {
			this.#tune(frequency, spreadingFactor);
			this.#write([0x33, 0x67], [0x40, 0x00]);
			this.#onLine = (line) => heard(line === 0 ? this.#received() : undefined);
			this.#write([0x01, 0x86]);
		});
	}

	#received(): Buffer {
		const radio = this.#radio!;
		const none = new Uint8Array(0);
		this.#write([0x0d, radio.spiRead(0x10, none, 1, this.#micros)[0]!]);
		const length = radio.spiRead(0x13, none, 1, this.#micros)[0]!;
		return Buffer.from(radio.spiRead(0x00, none, length, this.#micros));
	}

	#join(): void {
		const devNonce = this.#nonce++;
		if (devNonce >= this.#limits.nonce) throw new Error(`DevNonce ${devNonce} was not granted`);
		const { appKey } = this.#identity;
		this.#transact(joinRequest({ ...this.#identity, devNonce }, appKey), 5_000, (bytes) => {
			const accept = bytes && openJoinAccept(bytes, appKey);
			if (accept) {
				this.#session = { ...sessionKeys(appKey, accept, devNonce), devAddr: accept.devAddr };
				this.#up = this.#down = 0;
				this.#tellSession();
			} else this.#at(this.#readyAt, () => this.#join());
			this.#tellStatus();
			if (accept) this.#say(Uint8Array.of(Told.JOINED));
		});
		this.#tellStatus();
	}

	#send(port: number, payload: Buffer, isConfirmed: boolean, asksTime: boolean): void {
		const session = this.#session!;
		const counter = this.#up++;
		if (this.#up > this.#limits.counter) throw new Error(`counter ${counter} was not granted`);
		const frame = dataFrame(
			{
				isUp: true,
				isConfirmed,
				devAddr: session.devAddr,
				counter,
				adr: true,
				ack: false,
				options: asksTime ? deviceTimeRequest() : Buffer.alloc(0),
				port,
				payload,
			},
			session,
		);
		this.#transact(frame, 1_000, (bytes) => {
			const data = bytes && openData(bytes, session, this.#down);
			if (data) this.#heard(data);
			this.#tellStatus();
			this.#say(Uint8Array.of(Told.SENT, data?.ack ? 1 : 0, 1));
		});
		this.#tellStatus();
	}

	#heard({ counter, port, payload, options }: NonNullable<ReturnType<typeof openData>>): void {
		this.#down = counter + 1;
		const [snr, level] = this.#radio!.spiRead(0x19, new Uint8Array(0), 2, this.#micros);
		const quality = Buffer.alloc(3);
		quality.writeInt16LE(level! - 157);
		quality[2] = snr!;
		this.#say(
			port ? Uint8Array.of(Told.DOWNLINK, port, ...quality, ...payload) : Uint8Array.of(Told.HEARD, ...quality),
		);
		const { time } = obey(options, eu868);
		if (time === undefined) return;
		const message = new Uint8Array(9);
		message[0] = Told.TIME;
		const view = new DataView(message.buffer);
		view.setUint32(1, Math.floor(time / 1000) - GPS_EPOCH + LEAP_SECONDS, true);
		view.setUint32(5, (time % 1000) + Math.round((this.#micros - this.#sentEnd) / 1000), true);
		this.#say(message);
	}

	#resume(message: Uint8Array, view: DataView): void {
		const count = message[17] === 255 ? 0 : message[17]!;
		const at = 18 + 4 * count;
		[this.#up, this.#down, this.#nonce] = [view.getUint32(1, true), view.getUint32(5, true), view.getUint16(9, true)];
		const part = (from: number, to: number) => Buffer.from(message.subarray(at + from, at + to));
		this.#session = { devAddr: part(6, 10), nwkSKey: part(10, 26), appSKey: part(26, 42) };
		this.#hold(count > 0 ? view.getUint32(18, true) : NEVER);
		this.#tellSession();
		this.#tellStatus();
	}

	/** @param milliseconds NEVER: as after the longest uplink there is */
	#hold(milliseconds: number): void {
		this.#readyAt = this.#micros + 1000 * (milliseconds === NEVER ? (2_800 * HOUR) / SHARE : milliseconds);
	}

	#tellSession(): void {
		const { devAddr, nwkSKey, appSKey } = this.#session!;
		const message = Buffer.alloc(1 + TAIL_LENGTH);
		message.set([Told.SESSION, 1, this.region]);
		message.set(Buffer.concat([devAddr, nwkSKey, appSKey]), 7);
		message.writeUInt16LE(crc16(message.subarray(1), TAIL_LENGTH - 2), TAIL_LENGTH - 1);
		this.#say(message);
	}

	#tellStatus(): void {
		const message = Buffer.alloc(28);
		const wait = Math.max(0, Math.ceil((this.#readyAt - this.#micros) / 1000));
		message.set([Told.STATUS, this.#session ? 1 : 0, 222]);
		message.writeUInt32LE(this.#isBusy || !this.#session ? NEVER : wait, 3);
		message.writeUInt32LE(this.#up, 7);
		message.writeUInt32LE(this.#down, 11);
		message.writeUInt16LE(this.#nonce, 15);
		message[23] = 1;
		message.writeUInt32LE(wait, 24);
		this.#say(message);
	}

	#say(message: Uint8Array): void {
		const bytes = Uint8Array.from(message).buffer;
		this.#at(0, () => this.onMessage?.(bytes));
	}
}
