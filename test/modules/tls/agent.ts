/** The device's side of a trial: runs wherever device code runs. */
import { Fault } from '../../../modules/fault';
import type { Clock } from '../../../modules/ports';
import type { Kept, SocketPart } from '../../../modules/tls/options';
import { TLSSocket } from '../../../modules/tls/tls';
import { type Outcome, SECRET, type Trial } from './plan';

/** Milliseconds for callbacks to come that must not. */
const AFTERMATH = 60;

export interface Base64 {
	encode(bytes: ArrayBuffer): string;
	decode(text: string): ArrayBuffer;
}

export class Agent {
	readonly #trial: Trial;
	readonly #clock: Clock;
	readonly #base64: Base64;
	readonly #done: (outcome: Outcome) => void;
	readonly #errors: string[] = [];
	readonly #strays: string[] = [];
	readonly #sessions: string[] = [];
	readonly #began: number;
	#socket: TLSSocket | undefined;
	#inside = '';
	#over = false;
	#opened = false;
	#resumed = false;
	#protocol = '';
	#received = '';
	#bytes = 0;
	#sent = 0;
	#ms = 0;

	constructor(trial: Trial, part: SocketPart, clock: Clock, base64: Base64, done: (outcome: Outcome) => void) {
		this.#trial = trial;
		this.#clock = clock;
		this.#base64 = base64;
		this.#done = done;
		this.#began = clock.ticks;
		try {
			this.#open(part);
		} catch (thrown) {
			this.#finish(said(thrown));
			return;
		}
		if (trial.mischief === 'closeAtOnce') this.#end();
		else this.#expectThrow('write before it is open', () => this.#socket?.write(new Uint8Array(1)));
	}

	#open(part: SocketPart): void {
		const { port, host = 'device.test', session, time, ca, certificate, key } = this.#trial;
		const { serverName, minimumVersion, requireTime, notBefore, timeout, format } = this.#trial;
		const now = time === undefined ? this.#clock.time : (time ?? undefined);
		this.#call('constructor', () => {
			this.#socket = new TLSSocket({
				address: '127.0.0.1',
				host,
				port,
				socket: part,
				clock: { time: now, alarm: (owner) => this.#clock.alarm(owner) },
				ca,
				...(certificate !== undefined && { certificate }),
				...(key !== undefined && { key }),
				...(serverName !== undefined && { serverName }),
				...(minimumVersion !== undefined && { minimumVersion }),
				...(requireTime !== undefined && { requireTime }),
				...(notBefore !== undefined && { notBefore }),
				...(timeout !== undefined && { timeout }),
				...(format !== undefined && { format }),
				kept: this.#kept(session),
				onWritable: (count) => this.#guard('onWritable', () => this.#onWritable(count)),
				onReadable: (count) => this.#guard('onReadable', () => this.#onReadable(count)),
				onError: (reason) => this.#guard('onError', () => this.#onError(reason)),
			});
		});
	}

	/** Offers `session`, and tells of each new one. */
	#kept(session: string | undefined): Kept {
		const encode = (bytes: ArrayBuffer): void =>
			this.#guard('session', () => this.#sessions.push(this.#base64.encode(bytes)));
		const offered = session === undefined ? undefined : this.#base64.decode(session);
		return {
			get session() {
				return offered;
			},
			set session(bytes: ArrayBuffer | undefined) {
				if (bytes) encode(bytes);
			},
		};
	}

	#onWritable(count: number): void {
		const { mischief, bulk, send = SECRET } = this.#trial;
		if (this.#opened) this.#pour(count);
		else {
			this.#opened = true;
			this.#ms = this.#clock.ticks - this.#began;
			this.#resumed = this.#socket?.resumed ?? false;
			this.#protocol = this.#socket?.protocol ?? '';
			if (mischief === 'throw') throw new Fault('range', 'an application that throws');
			if (mischief === 'closeInWritable') this.#end();
			else if (bulk === undefined) this.#say(send);
			else this.#pour(count);
		}
	}

	/** In pieces, as an MQTT client writes. */
	#say(text: string): void {
		const bytes = Uint8Array.from(text, (letter) => letter.charCodeAt(0));
		if (this.#trial.format === 'number') {
			for (const [i, byte] of bytes.entries())
				this.#call('write', () => this.#socket?.write(byte, { more: i < bytes.length - 1 }));
			return;
		}
		for (let i = 0; i < bytes.length; i += 3) {
			const piece = bytes.subarray(i, i + 3);
			this.#call('write', () => this.#socket?.write(piece, { more: i + 3 < bytes.length, byteLength: bytes.length }));
		}
	}

	#pour(room: number): void {
		const { bulk } = this.#trial;
		for (let left = room; bulk !== undefined && this.#sent < bulk && left > 0; ) {
			const piece = new Uint8Array(Math.min(left, 700, bulk - this.#sent)).map((_, i) => (this.#sent + i) & 255);
			this.#call('write', () => {
				left = this.#socket?.write(piece) ?? 0;
			});
			this.#sent += piece.length;
		}
	}

	#onReadable(count: number): void {
		const { mischief } = this.#trial;
		if (mischief === 'closeInReadable') this.#end();
		else if (mischief === 'readLater') this.#clock.alarm({ onAlarm: () => this.#take(count) }).set(30);
		else this.#take(count);
	}

	#take(count: number): void {
		for (let left = count; left > 0 && !this.#over; ) {
			let got: number | ArrayBuffer | undefined;
			this.#call('read', () => {
				got = this.#socket?.read(this.#trial.format === 'number' ? undefined : Math.min(left, 100));
			});
			if (got === undefined) {
				this.#strays.push(`read gave nothing though ${left} bytes were there`);
				break;
			}
			const bytes = typeof got === 'number' ? Uint8Array.of(got) : new Uint8Array(got);
			for (const byte of bytes) this.#look(byte);
			left -= bytes.length;
		}
		const { bulk, receive = 5 } = this.#trial;
		if (this.#bytes >= (bulk ?? receive)) this.#end();
	}

	#look(byte: number): void {
		if (this.#trial.bulk === undefined) this.#received += String.fromCharCode(byte);
		else if (byte !== (this.#bytes & 255) && this.#strays.length < 5)
			this.#strays.push(`byte ${this.#bytes} is ${byte}`);
		this.#bytes++;
	}

	#onError(reason: unknown): void {
		this.#errors.push(said(reason));
		if (!(reason instanceof Fault)) this.#strays.push('onError without a Fault');
		this.#expectThrow('write after onError', () => this.#socket?.write(new Uint8Array(1)));
		this.#expectThrow('read after onError', () => this.#socket?.read());
		this.#end();
	}

	#end(): void {
		if (this.#over) return;
		this.#over = true;
		this.#call('close', () => this.#socket?.close());
		this.#call('close again', () => this.#socket?.close());
		this.#clock.alarm({ onAlarm: () => this.#finish() }).set(AFTERMATH);
	}

	#finish(threw?: string): void {
		this.#done({
			...(threw !== undefined && { threw }),
			opened: this.#opened,
			received: this.#received,
			bytes: this.#bytes,
			errors: this.#errors,
			strays: this.#strays,
			resumed: this.#resumed,
			protocol: this.#protocol,
			sessions: this.#sessions,
			ms: this.#ms,
		});
	}

	#call(name: string, run: () => void): void {
		const before = this.#inside;
		this.#inside = name;
		try {
			run();
		} catch (thrown) {
			if (name === 'constructor') throw thrown;
			this.#strays.push(`${name} threw ${said(thrown)}`);
		} finally {
			this.#inside = before;
		}
	}

	#guard(name: string, run: () => void): void {
		if (this.#inside !== '') this.#strays.push(`${name} from inside ${this.#inside}`);
		if (this.#over) this.#strays.push(`${name} after the end`);
		run();
	}

	#expectThrow(what: string, run: () => void): void {
		try {
			run();
		} catch (thrown) {
			if (!(thrown instanceof Fault)) this.#strays.push(`${what}: ${said(thrown)}`);
			return;
		}
		this.#strays.push(`${what} did not throw`);
	}
}

function said(thrown: unknown): string {
	return thrown instanceof Fault ? `${thrown.code}: ${thrown.message}` : String(thrown);
}
