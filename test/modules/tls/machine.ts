/** The trials on XS: each in a process of its own, over Node's TCP, in real time. */

import { BoardClock } from '../../../hosts/simulator/board/clocks';
import { NodeTcp } from '../../../hosts/simulator/net/tcp';
import { RealTime } from '../../../hosts/simulator/time';
import { buildXs, type XsBuild } from '../../../hosts/xs/build';
import { Channel } from '../../../hosts/xs/channel';
import { Handle, Operation } from '../../../hosts/xs/device/operations';
import { type Frame, Kind, type Value } from '../../../hosts/xs/frames';
import { readStatistics } from '../../../hosts/xs/statistics';
import { Fault } from '../../../modules/fault';
import type { Alarm } from '../../../modules/ports';
import { findMbedTls, LIBRARIES } from '../../support/mbedtls';
import type { Outcome, Trial } from './plan';
import type { Device } from './run';
import { Ask, TcpEvent } from './xs/operations';

/** Milliseconds that no trial needs. */
const PATIENCE = 40_000;
/** As on a board; twice as much in a 64-bit build, where all is twice as large. */
const ARENA = 65_536;
const STACK = 512;
const KEYS = 128;

export function buildTls(): XsBuild {
	const here = 'test/modules/tls';
	const sources = ['modules/tls', 'modules/fault.ts', `${here}/agent.ts`, `${here}/plan.ts`, `${here}/xs`];
	const ports = ['operations', 'ports', 'wire'].map((name) => `hosts/xs/device/${name}.ts`);
	return buildXs(
		// Mbed TLS is installed for this computer's own width.
		{ rooms: ['modules/tls', `${here}/xs`], libraries: LIBRARIES, versions: findMbedTls()?.version ?? '', width: 64 },
		{ sources: [...sources, ...ports], main: `${here}/xs/main` },
	);
}

/** Bytes, at the peak of the trial that took most. */
export interface Figures {
	trials: number;
	/** Slots, chunks and stack of XS together. */
	arena: number;
	/** What Mbed TLS and engine.c took of the C heap. */
	heap: number;
}

export class XsDevice implements Device {
	readonly tls13: boolean;
	readonly figures: Figures = { trials: 0, arena: 0, heap: 0 };
	readonly #build = buildTls();

	constructor(tls13: boolean) {
		this.tls13 = tls13;
	}

	/** Rejects when the machine ends by itself, says nothing in time, or left something in the C heap. */
	async run(trial: Trial): Promise<Outcome> {
		const machine = new Machine(this.#build);
		let timer: NodeJS.Timeout | undefined;
		try {
			const late = new Promise<never>((_, reject) => {
				timer = setTimeout(() => reject(new Error('the machine came to no end')), PATIENCE);
			});
			const { outcome, heapPeak, heapLeft } = await Promise.race([machine.run(trial), late]);
			if (heapLeft !== 0) throw new Error(`${heapLeft} bytes of the C heap were not given back`);
			const { figures } = this;
			figures.trials++;
			figures.arena = Math.max(figures.arena, machine.arenaPeak);
			figures.heap = Math.max(figures.heap, heapPeak);
			return outcome;
		} finally {
			clearTimeout(timer);
			machine.close();
		}
	}
}

interface Result {
	readonly outcome: Outcome;
	readonly heapPeak: number;
	readonly heapLeft: number;
}

/** One process. Trials run one after the other. */
export class Machine {
	readonly #channel: Channel;
	readonly #clock = new BoardClock(new RealTime(), { epoch: Date.now() });
	readonly #alarms = new Map<number, Alarm>();
	readonly #sockets = new Map<number, NodeTcp>();
	/** Events that came while it was at work. */
	readonly #waiting: Value[][] = [];
	#busy = false;
	#settle: { done(result: Result): void; failed(error: unknown): void } | undefined;
	arenaPeak = 0;

	/** @param under a program, and its arguments, that runs this one */
	constructor({ host, modules }: XsBuild, under: readonly string[] = []) {
		const sizes = [(ARENA * host.width) / 32, STACK, KEYS].map(String);
		const [program = '', ...rest] = [...under, host.program, modules, ...sizes];
		this.#channel = new Channel(program, rest);
	}

	run(trial: Trial): Promise<Result> {
		return new Promise((done, failed) => {
			this.#settle = { done, failed };
			this.#tell(Handle.DEVICE, JSON.stringify(trial));
		});
	}

	close(): void {
		this.#clock.kill();
		for (const socket of this.#sockets.values()) socket.close();
		this.#channel.kill();
	}

	/** Lets it end by itself. Its exit status. */
	async end(): Promise<number | null> {
		const { process } = this.#channel;
		const ended = new Promise<number | null>((done) => process.once('exit', done));
		process.ref();
		this.#channel.end();
		return ended;
	}

	#tell(...event: Value[]): void {
		if (!this.#channel.isOpen) return;
		this.#waiting.push(event);
		if (this.#busy) return;
		this.#busy = true;
		try {
			for (let next = this.#waiting.shift(); next; next = this.#waiting.shift()) this.#exchange(next);
		} catch (thrown) {
			this.close();
			this.#settle?.failed(thrown);
		} finally {
			this.#busy = false;
		}
	}

	/** Until it is idle again. */
	#exchange(event: readonly Value[]): void {
		this.#channel.send(Kind.EVENT, event);
		for (;;) {
			const frame = this.#channel.receive();
			if (!frame) throw new Error('the machine is gone');
			if (frame.kind === Kind.REQUEST) this.#serve(frame);
			else if (frame.kind === Kind.ABORT) throw abortOf(frame);
			else {
				this.arenaPeak = readStatistics(frame).arenaPeak;
				return;
			}
		}
	}

	#serve(frame: Frame): void {
		const [operation, ...values] = frame.values();
		let answer: readonly Value[];
		try {
			answer = this.#answer(operation as number, values);
		} catch (thrown) {
			const { code, message } = Fault.from(thrown, 'misuse');
			this.#channel.send(Kind.REFUSAL, [code, message]);
			return;
		}
		this.#channel.send(Kind.ANSWER, answer);
	}

	#answer(operation: number, values: readonly Value[]): readonly Value[] {
		const [first, second, third] = values as [number, number, number];
		switch (operation) {
			case Operation.TICKS:
				return [this.#clock.ticks];
			case Operation.TIME:
				return [this.#clock.time];
			case Operation.ALARM_SET:
				this.#alarm(second).set(third);
				return [];
			case Operation.ALARM_CLEAR:
				this.#alarms.get(first)?.clear();
				return [];
			case Ask.DONE:
				this.#settle?.done({ outcome: JSON.parse(values[0] as string), heapPeak: second, heapLeft: third });
				return [];
			case Ask.ENCODE:
				return [Buffer.from(values[0] as Uint8Array).toString('base64')];
			case Ask.DECODE:
				return [Buffer.from(values[0] as string, 'base64')];
			case Ask.TCP_OPEN:
				this.#connect(first, values[1] as string, third);
				return [];
			case Ask.TCP_READ: {
				const bytes = this.#socket(first).read(second) as ArrayBuffer | undefined;
				return [bytes && new Uint8Array(bytes)];
			}
			case Ask.TCP_WRITE:
				return [this.#socket(first).write(values[1] as Uint8Array)];
			case Ask.TCP_CLOSE:
				this.#sockets.get(first)?.close();
				this.#sockets.delete(first);
				return [];
			default:
				throw new Error(`nobody answers operation ${operation}`);
		}
	}

	#alarm(handle: number): Alarm {
		const alarm = this.#alarms.get(handle) ?? this.#clock.alarm({ onAlarm: () => this.#tell(handle) });
		this.#alarms.set(handle, alarm);
		return alarm;
	}

	#connect(handle: number, address: string, port: number): void {
		const socket = new NodeTcp({
			address,
			host: address,
			port,
			onReadable: (count) => this.#tell(handle, TcpEvent.READABLE, count),
			onWritable: (count) => this.#tell(handle, TcpEvent.WRITABLE, count),
			onError: (reason) => {
				const { code, message } = Fault.from(reason, 'closed');
				this.#tell(handle, TcpEvent.ERROR, code, message);
			},
		});
		this.#sockets.set(handle, socket);
	}

	#socket(handle: number): NodeTcp {
		const socket = this.#sockets.get(handle);
		if (!socket) throw new Fault('misuse', 'the socket is closed');
		return socket;
	}
}

function abortOf(frame: Frame): Error {
	const status = frame.u8();
	readStatistics(frame);
	return new Error(`the machine ended: ${frame.text()} (${status})`);
}
