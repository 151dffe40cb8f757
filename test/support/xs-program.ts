import { buildXs, type XsBuild } from '../../hosts/xs/build';
import { Channel } from '../../hosts/xs/channel';
import { Handle } from '../../hosts/xs/device/operations';
import { Kind, type Value } from '../../hosts/xs/frames';
import { type MachineStatistics, readStatistics } from '../../hosts/xs/statistics';

/** As on a board; twice as much in a 64-bit build, where all is twice as large. */
const ARENA = 65_536;
const STACK = 512;
const KEYS = 128;

/**
 * A room on XS without the firmware: a small program of a test (`main`, which attaches a receiver to Handle.DEVICE) and what
 * it needs are preloaded as on a board; each event is answered by what that receiver returns.
 */
export class XsProgram {
	readonly #channel: Channel;
	readonly #slotBytes: number;
	#statistics: MachineStatistics | undefined;

	/**
	 * @param main its path in the repository, without extension
	 * @param sources files and folders that it imports; the wire to this process is added
	 */
	constructor(main: string, sources: readonly string[]) {
		const { host, modules } = buildProgram(main, sources);
		this.#slotBytes = host.width / 2;
		const sizes = [(ARENA * host.width) / 32, STACK, KEYS].map(String);
		this.#channel = new Channel(host.program, [modules, ...sizes]);
	}

	/** Throws when the machine ends, or asks for anything. */
	event(...values: Value[]): Value {
		return this.#exchange(Kind.EVENT, [Handle.DEVICE, ...values]);
	}

	#exchange(kind: number, values: readonly Value[]): Value {
		this.#channel.send(kind, values);
		const frame = this.#channel.receive();
		if (!frame) throw new Error('xs: the machine is gone');
		if (frame.kind !== Kind.IDLE) {
			this.close();
			if (frame.kind !== Kind.ABORT) throw new Error(`xs: a frame of kind ${frame.kind}`);
			const status = frame.u8();
			readStatistics(frame);
			throw new Error(`xs: ${frame.text()} (${status})`);
		}
		this.#statistics = readStatistics(frame);
		return frame.values()[0];
	}

	/** As of the last event. */
	get statistics(): MachineStatistics {
		if (!this.#statistics) throw new Error('xs: no event yet');
		return this.#statistics;
	}

	/** Bytes of slots and chunks that are left after a collection. */
	live(): number {
		this.#exchange(Kind.COLLECT, []);
		return this.statistics.slots + this.statistics.chunks;
	}

	/** What it took at the peak, garbage counted, and what is left after a collection. */
	figures(name: string): string {
		const { arenaPeak, slotsPeak, chunksPeak, stackPeak, computrons } = this.statistics;
		return (
			`${name} on XS (slots of ${this.#slotBytes} bytes): arena ${arenaPeak}, slots ${slotsPeak}, chunks ${chunksPeak}, ` +
			`stack ${stackPeak} bytes; alive ${this.live()}; ${computrons} computrons in the last event`
		);
	}

	close(): void {
		this.#channel.kill();
	}
}

export function buildProgram(main: string, sources: readonly string[]): XsBuild {
	const wire = ['operations', 'wire'].map((name) => `hosts/xs/device/${name}.ts`);
	return buildXs({}, { sources: ['modules/fault.ts', 'modules/ports.ts', ...sources, ...wire], main });
}
