import type { Reply, VirtualNetwork } from './virtual';

const UNIX = 2_208_988_800_000;
const PORT = 123;

/** How a virtual time server answers; may be changed at any time. */
export interface NtpManner {
	/** Milliseconds by which it is wrong. */
	offset: number;
	/** Epoch milliseconds that it says always, whatever the time is. */
	fixed: number | undefined;
	/** Milliseconds that it takes to answer. */
	delay: number;
	stratum: number;
	/** 3: not synchronized. */
	leap: number;
	/** Four letters; stratum is 0 then. */
	kiss: string | undefined;
	/** Says nothing. */
	silent: boolean;
	/** Changes an answer before it leaves: what a liar, or a wire, makes of it. */
	tamper: ((answer: Uint8Array, reply: Reply) => Uint8Array | undefined) | undefined;
}

/** An NTP server in the virtual network: right, unless it is told how to be wrong. */
export class VirtualNtp {
	readonly manner: NtpManner = {
		offset: 0,
		fixed: undefined,
		delay: 0,
		stratum: 2,
		leap: 0,
		kiss: undefined,
		silent: false,
		tamper: undefined,
	};
	/** When it was asked, by the scheduler's time. */
	readonly asked: number[] = [];
	readonly #network: VirtualNetwork;
	readonly #now: () => number;

	/** @param now epoch milliseconds, as they truly are */
	constructor(network: VirtualNetwork, host: string, now: () => number) {
		this.#network = network;
		this.#now = now;
		network.bind(host, PORT, (question, reply) => this.#answer(question, reply));
	}

	#answer(question: Uint8Array, reply: Reply): void {
		const { scheduler } = this.#network;
		this.asked.push(scheduler.now);
		if (this.manner.silent || question.length < 48) return;
		const received = this.#time();
		scheduler.schedule(this.manner.delay, () => {
			const { stratum, leap, kiss, tamper } = this.manner;
			const answer = new Uint8Array(48);
			const view = new DataView(answer.buffer);
			answer[0] = (leap << 6) | (question[0]! & 0x38) | 4;
			answer[1] = kiss === undefined ? stratum : 0;
			answer[3] = 0xe9;
			// 1/256 s of root delay and as much of dispersion.
			view.setUint32(4, 256);
			view.setUint32(8, 256);
			for (let at = 0; at < 4; at++) answer[12 + at] = (kiss ?? 'GPS\0').charCodeAt(at);
			answer.set(question.subarray(40, 48), 24);
			writeStamp(view, 32, received);
			writeStamp(view, 40, this.#time());
			const said = tamper ? tamper(answer, reply) : answer;
			if (said) reply(said);
		});
	}

	#time(): number {
		const { fixed, offset } = this.manner;
		return fixed ?? this.#now() + offset;
	}
}

/** Epoch milliseconds as NTP's 64 bits: seconds since 1900, of which the era is dropped, and a fraction. */
export function writeStamp(view: DataView, offset: number, time: number): void {
	const since = time + UNIX;
	const seconds = Math.floor(since / 1000);
	view.setUint32(offset, seconds % 2 ** 32);
	view.setUint32(offset + 4, Math.floor(((since - seconds * 1000) / 1000) * 2 ** 32));
}
