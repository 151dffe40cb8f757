import { Fault } from '../fault';
import type { Alarm, Clock, Log, Random32 } from '../ports';
import { answers, type Nonce, type Reply, readReply, writeQuestion } from './ntp-packet';
import { type Datagram, type Names, type NamesPart, type Offer, SNTP_WEIGHT, type Udp, type UdpPart } from './parts';

const PORT = 123;
/** Questions to a server before the next is asked. */
const TRIES = 2;
/** Milliseconds to wait for an answer, and for an address. */
const PATIENCE = 2_000;
const RESOLVE_PATIENCE = 6_000;
/** Servers that asked to be left alone: so many are remembered. */
const MOST_DENIED = 8;
/** A millisecond of our own clock's grain, and one for the way from the network to us. */
const GRAIN = 2;

export interface ExchangeOptions {
	readonly clock: Pick<Clock, 'ticks' | 'alarm'>;
	readonly udp: UdpPart;
	readonly dns: NamesPart;
	/** Names or IPv4 addresses, at least one. */
	readonly servers: readonly string[];
	readonly random32: Random32;
	/** Epoch milliseconds that have surely passed. */
	readonly earliest: number;
	readonly onOffer: (offer: Offer) => void;
	readonly log: Log;
	/** No server said anything of use. `isBegged`: one asked for fewer questions. */
	readonly onFailed: (fault: Fault, isBegged: boolean) => void;
}

/**
 * Asks one time server after the other until one answers (SNTPv4, RFC 5905 §14 and RFC 4330), each exchange beginning with the
 * next: two answers in a row come from two servers where there are two. Of each address only the answer to the last question
 * counts; everything else that comes in is not looked at.
 *
 *   idle ── ask() ──▶ resolving ──▶ waiting ── a good answer ──▶ ended ──▶ idle: onOffer
 *                       ▲  │           │ none, a bad one, a kiss
 *                       └──┴───────────┴── no server left ─────▶ ended ──▶ idle: onFailed
 */
export class Exchange {
	readonly #options: ExchangeOptions;
	readonly #alarm: Alarm;
	readonly #denied: string[] = [];
	#state: 'idle' | 'resolving' | 'waiting' | 'ended' = 'idle';
	/** The place of the server that is asked, or is next. */
	#server = 0;
	#serversLeft = 0;
	#triesLeft = 0;
	#address = '';
	#nonce: Nonce = { high: 0, low: 0 };
	#askedAt = 0;
	#udp: Udp | undefined;
	#names: Names | undefined;
	#offer: Offer | undefined;
	#fault: Fault | undefined;
	#isBegged = false;

	/** @throws Fault 'range' without a server */
	constructor(options: ExchangeOptions) {
		if (options.servers.length === 0) throw new Fault('range', 'servers: at least one');
		this.#options = options;
		this.#alarm = options.clock.alarm(this);
	}

	get isIdle(): boolean {
		return this.#state === 'idle';
	}

	/** The place of the server that is asked next: kept over deep sleep, so that not the same is asked at each waking. */
	get next(): number {
		return this.#server;
	}

	set next(place: number) {
		this.#server = place % this.#options.servers.length;
	}

	/** Begins, unless it has. */
	ask(): void {
		if (this.#state !== 'idle') return;
		this.#serversLeft = this.#options.servers.length;
		this.#offer = undefined;
		this.#fault = undefined;
		this.#isBegged = false;
		try {
			const { io, ...needs } = this.#options.udp;
			const udp: Udp = new io({ ...needs, onReadable: (count: number) => this.#readable(udp, count) } as never);
			this.#udp = udp;
			this.#resolve();
		} catch (thrown) {
			this.#end(Fault.from(thrown, 'connect'));
		}
	}

	/** Ends, unless it has: no callback follows. */
	close(): void {
		this.#become('idle');
		this.#alarm.clear();
		this.#release();
	}

	#become(state: 'idle' | 'resolving' | 'waiting' | 'ended'): void {
		this.#state = state;
	}

	#resolve(): void {
		const { dns, servers } = this.#options;
		const host = servers[this.#server]!;
		this.#triesLeft = TRIES;
		if (isAddress(host)) {
			this.#found(host);
			return;
		}
		this.#become('resolving');
		this.#alarm.set(RESOLVE_PATIENCE);
		this.#closeNames();
		const { io, ...needs } = dns;
		const names = new io(needs as never);
		this.#names = names;
		names.resolve({
			host,
			onResolved: (_, address) => {
				if (this.#names === names && this.#state === 'resolving') this.#found(address);
			},
			onError: () => {
				if (this.#names === names && this.#state === 'resolving')
					this.#nextServer(new Fault('dns', `${host} does not resolve`));
			},
		});
	}

	#found(address: string): void {
		this.#address = address;
		if (this.#denied.includes(address)) this.#nextServer(new Fault('refused', `${address}: left alone`));
		else this.#question();
	}

	#question(): void {
		const { random32, clock } = this.#options;
		this.#triesLeft--;
		// No zero: a server that echoes nothing must not be right by that.
		this.#nonce = { high: (random32() | 1) >>> 0, low: random32() >>> 0 };
		this.#become('waiting');
		this.#alarm.set(PATIENCE);
		this.#askedAt = clock.ticks;
		try {
			this.#udp!.write(writeQuestion(this.#nonce), this.#address, PORT);
		} catch (thrown) {
			this.#nextServer(Fault.from(thrown, 'connect'));
		}
	}

	#readable(udp: Udp, count: number): void {
		const now = this.#options.clock.ticks;
		for (let left = count; left > 0 && udp === this.#udp; left--) {
			const datagram = udp.read();
			if (!datagram) return;
			if (this.#state === 'waiting') this.#hear(datagram, now);
		}
	}

	#hear(datagram: Datagram, now: number): void {
		if (datagram.address !== this.#address || datagram.port !== PORT || !answers(datagram, this.#nonce)) return;
		const source = this.#address;
		try {
			const reply = readReply(datagram, this.#options.earliest);
			if ('kiss' in reply) this.#kissed(reply.kiss);
			else this.#answered(reply, now);
		} catch (thrown) {
			this.#nextServer(new Fault('protocol', `${source}: ${Fault.from(thrown, 'protocol').message}`));
		}
	}

	#answered({ received, sent, distance }: Reply, now: number): void {
		// Of the time that passed here, the server says how much it had the question for.
		const travelled = now - this.#askedAt - (sent - received);
		if (travelled < -GRAIN) throw new Fault('protocol', 'it had the question for longer than it took');
		const half = Math.max(0, travelled) / 2;
		this.#offer = {
			source: this.#address,
			time: sent + half,
			at: now,
			uncertainty: half + distance + GRAIN,
			weight: SNTP_WEIGHT,
		};
		this.#end();
	}

	#kissed(kiss: string): void {
		this.#isBegged = true;
		if (kiss === 'DENY' || kiss === 'RSTR') {
			if (this.#denied.length >= MOST_DENIED) this.#denied.shift();
			this.#denied.push(this.#address);
		}
		this.#nextServer(new Fault('refused', `${this.#address} says ${kiss}`));
	}

	/** The rest in its own time: not from inside what called. */
	#nextServer(fault: Fault): void {
		this.#fault = fault;
		this.#server = (this.#server + 1) % this.#options.servers.length;
		this.#serversLeft--;
		this.#become('ended');
		this.#alarm.set(0);
	}

	#end(fault?: Fault): void {
		this.#fault = fault;
		this.#server = (this.#server + 1) % this.#options.servers.length;
		this.#serversLeft = 0;
		this.#become('ended');
		this.#alarm.set(0);
	}

	onAlarm(): void {
		const { servers } = this.#options;
		if (this.#state === 'resolving') this.#nextServer(new Fault('timeout', 'no name server answers'));
		else if (this.#state === 'ended') this.#goOn();
		else if (this.#triesLeft > 0) this.#question();
		else this.#nextServer(new Fault('timeout', `${servers[this.#server]} does not answer`));
	}

	/** To the next server, or back to who asked. */
	#goOn(): void {
		const { onOffer, onFailed } = this.#options;
		if (this.#serversLeft > 0) {
			try {
				this.#resolve();
			} catch (thrown) {
				this.#end(Fault.from(thrown, 'connect'));
			}
			return;
		}
		this.close();
		if (this.#offer) onOffer(this.#offer);
		else onFailed(this.#fault!, this.#isBegged);
	}

	#release(): void {
		const udp = this.#udp;
		this.#udp = undefined;
		this.#close(udp);
		this.#closeNames();
	}

	#closeNames(): void {
		const names = this.#names;
		this.#names = undefined;
		this.#close(names);
	}

	/** Whatever comes of it: it is done with. */
	#close(part: { close?(): void } | undefined): void {
		try {
			part?.close?.();
		} catch (thrown) {
			this.#options.log('debug', 'time', Fault.from(thrown, 'connect').message);
		}
	}
}

/** Four numbers with dots: the SDK's resolver asks a name server even for those. */
function isAddress(host: string): boolean {
	for (let at = 0; at < host.length; at++) {
		const character = host.charCodeAt(at);
		if (character !== 0x2e && (character < 0x30 || character > 0x39)) return false;
	}
	return host.length > 0;
}
