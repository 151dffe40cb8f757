import { Fault, type FaultCode } from '../../modules/fault';
import type { KeyValue } from '../../modules/ports';
import type { DeviceReport } from '../../src/device';
import { type Body, type Engine, type Firmware, Halted } from '../simulator/board/board';
import { PowerCut } from '../simulator/board/flash';
import { buildXs, type XsBuild } from './build';
import { Channel } from './channel';
import { Call, Handle } from './device/operations';
import { type Frame, Kind, type Value } from './frames';
import { type MachineStatistics, readStatistics } from './statistics';
import { World } from './world';

export interface XsOptions {
	/** Bytes for slots, chunks and stack together. Default 65,536. A 64-bit build gets twice as much: all is twice as large. */
	readonly arena?: number;
	/** Slots of the stack. Default 640: 10 KB of the arena. The board has 768: there, clients and TLS are on XS too. */
	readonly stack?: number;
	/** Names that the firmware may make up. Default 128. */
	readonly keys?: number;
}

export interface XsStatistics extends MachineStatistics {
	/** What the machine was told: each event is a waking of the processor. */
	readonly events: number;
	/** Since the boot; `peakComputrons` are those of the event that took most. */
	readonly totalComputrons: number;
	readonly peakComputrons: number;
}

export interface XsFirmware extends Firmware {
	/** As of the last event; undefined when the power went in the first. */
	readonly statistics: XsStatistics | undefined;
	/** Collects garbage first: what is left is what is alive. */
	live(): XsStatistics;
	/** The power goes. */
	kill(): void;
}

/** Why a machine ended: XS's own numbers (xsAll.h); the process exits with 10 more. */
export const Abort = Object.freeze({
	MEMORY_FULL: 1,
	STACK_OVERFLOW: 2,
	EXCEPTION: 5,
	NO_MORE_KEYS: 6,
	REJECTION: 8,
} as const);

/** The machine ended itself, as a board that reboots: memory full, or an exception that nobody caught. */
export class XsAbort extends Error {
	readonly status: number;
	readonly statistics: MachineStatistics | undefined;

	constructor(status: number, why: string, statistics?: MachineStatistics) {
		super(`xs: ${why} (${status})`);
		this.status = status;
		this.statistics = statistics;
	}
}

export interface XsEngine extends Engine {
	(body: Body): XsFirmware;
	/** One for each boot, oldest first; what they last counted can be asked for after their end. */
	readonly machines: readonly XsFirmware[];
	/** Ends all machines. Those that are left end with this process. */
	close(): void;
}

let built: XsBuild | undefined;

/**
 * The firmware on XS, in a process of its own, in a heap of fixed size. Boards are told apart by their key-value stores: the
 * next boot of a board ends the machine of the boot before.
 * @throws Error when it cannot be built
 */
export function xsEngine(options: XsOptions = {}): XsEngine {
	built ??= buildXs();
	const { host, modules } = built;
	const { arena = 65_536, stack = 640, keys = 128 } = options;
	const machines: XsMachine[] = [];
	const running = new WeakMap<KeyValue, XsMachine>();
	const engine = (body: Body): XsFirmware => {
		running.get(body.store)?.kill();
		const machine = new XsMachine(
			new Channel(host.program, [modules, `${(arena * host.width) / 32}`, `${stack}`, `${keys}`]),
			body,
		);
		machines.push(machine);
		running.set(body.store, machine);
		machine.boot();
		return machine;
	};
	const close = (): void => {
		for (const machine of machines) machine.kill();
	};
	return Object.assign(engine, { machines, close });
}

const isEnd = (thrown: unknown): boolean => thrown instanceof Halted || thrown instanceof PowerCut;

class XsMachine implements XsFirmware {
	readonly #channel: Channel;
	readonly #world: World;
	/** Events that came while the machine was at work; the board's peripherals would keep them too. */
	readonly #waiting: Value[][] = [];
	/** 0: idle. 1: an event is under way. 2: in the middle of one of its requests, a last report is. */
	#depth = 0;
	#statistics: MachineStatistics | undefined;
	#events = 0;
	#computrons = 0;
	#peakComputrons = 0;
	#abort: XsAbort | undefined;

	constructor(channel: Channel, body: Body) {
		this.#channel = channel;
		this.#world = new World(body, (handle, ...values) => this.#tell(handle, values));
	}

	boot(): void {
		this.#call(Call.BOOT);
	}

	start(): void {
		this.#call(Call.START);
	}

	stopSampling(): void {
		this.#call(Call.STOP_SAMPLING);
	}

	report(): DeviceReport {
		return this.#call(Call.REPORT) as DeviceReport;
	}

	close(): void {
		this.#call(Call.CLOSE);
	}

	get statistics(): XsStatistics | undefined {
		return (
			this.#statistics && {
				...this.#statistics,
				events: this.#events,
				totalComputrons: this.#computrons,
				peakComputrons: this.#peakComputrons,
			}
		);
	}

	live(): XsStatistics {
		this.#exchange(Kind.COLLECT, []);
		return this.statistics!;
	}

	kill(): void {
		this.#channel.kill();
	}

	#call(call: number): unknown {
		const answer = this.#exchange(Kind.EVENT, [Handle.DEVICE, call]);
		if (this.#depth === 0) this.#drain();
		if (typeof answer !== 'string') throw new Error('xs: no answer to a call');
		const text = answer.slice(1);
		if (answer.startsWith('=')) return text === 'undefined' ? undefined : JSON.parse(text);
		if (call === Call.BOOT) this.kill();
		const space = text.indexOf(' ');
		throw new Fault(text.slice(0, space) as FaultCode, text.slice(space + 1));
	}

	#tell(handle: number, values: Value[]): void {
		if (!this.#channel.isOpen) return;
		this.#waiting.push([handle, ...values]);
		if (this.#depth === 0) this.#drain();
	}

	#drain(): void {
		try {
			for (let event = this.#waiting.shift(); event; event = this.#waiting.shift()) this.#exchange(Kind.EVENT, event);
		} catch (thrown) {
			// The board knows: it turned itself off. Whoever brought the event (a timer, a socket) has no part in it.
			if (!isEnd(thrown)) throw thrown;
		}
	}

	/** Sends a frame, then serves the machine until it is idle. Returns what the event came to. */
	#exchange(kind: number, values: readonly Value[]): Value {
		// Said again: whoever brought the event may have swallowed it, as the MQTT client does.
		if (this.#abort) throw this.#abort;
		if (!this.#channel.isOpen) throw new Error('xs: the machine is off');
		// A board that loses its power in the middle of a request asks for a last report; nobody asks for more.
		if (this.#depth > 0 && values[1] !== Call.REPORT) throw new Error('xs: called from inside a callback');
		if (this.#depth > 1) throw new PowerCut('xs: the power goes already');
		this.#depth++;
		try {
			this.#channel.send(kind, values);
			for (;;) {
				const frame = this.#channel.receive();
				if (!frame) throw this.#aborted();
				if (frame.kind === Kind.IDLE) return this.#rest(frame);
				if (frame.kind === Kind.ABORT) throw this.#aborted(frame);
				if (frame.kind !== Kind.REQUEST) throw new Error(`xs: a frame of kind ${frame.kind}`);
				this.#serve(frame);
			}
		} catch (thrown) {
			this.kill();
			throw thrown;
		} finally {
			this.#depth--;
		}
	}

	#serve(frame: Frame): void {
		const [operation, ...values] = frame.values();
		let answer: readonly Value[];
		try {
			answer = this.#world.answer(operation as number, values);
		} catch (thrown) {
			// The board is off, or asleep: what would have run after it does not. But a last report is made without flash.
			if (isEnd(thrown) && this.#depth === 1) throw thrown;
			const { code, message } = Fault.from(thrown, 'flash');
			this.#channel.send(Kind.REFUSAL, [code, message]);
			return;
		}
		this.#channel.send(Kind.ANSWER, answer);
	}

	#rest(frame: Frame): Value {
		this.#statistics = readStatistics(frame);
		this.#events++;
		this.#computrons += this.#statistics.computrons;
		this.#peakComputrons = Math.max(this.#peakComputrons, this.#statistics.computrons);
		return frame.values()[0];
	}

	#aborted(frame?: Frame): XsAbort {
		if (frame) {
			const status = frame.u8();
			this.#statistics = readStatistics(frame);
			this.#abort = new XsAbort(status, frame.text(), this.#statistics);
		} else this.#abort = new XsAbort(0, 'the process is gone');
		return this.#abort;
	}
}
