import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { buildXs } from '../../../hosts/xs/build';
import { Channel } from '../../../hosts/xs/channel';
import { type Frame, Kind, type Value } from '../../../hosts/xs/frames';
import { readStatistics } from '../../../hosts/xs/statistics';

export interface Limits {
	readonly arena?: number;
	readonly stack?: number;
	readonly keys?: number;
}

/** How a machine ended. */
export interface End {
	readonly status: number;
	readonly why: string;
}

/** The host with a program of a test's own instead of the firmware: `main` runs in RAM, `preload` in what would be flash. */
export class Bare {
	readonly channel: Channel;
	readonly #folder = mkdtempSync(join(tmpdir(), 'xs-test-'));

	constructor(main: string, preload = '', { arena = 65_536, stack = 512, keys = 64 }: Limits = {}) {
		const file = (name: string, text: string): void => {
			mkdirSync(dirname(join(this.#folder, name)), { recursive: true });
			writeFileSync(join(this.#folder, name), text);
		};
		file('preload.js', preload);
		file('hosts/xs/device/main.js', main);
		const { host } = buildXs();
		this.channel = new Channel(
			host.program,
			[this.#folder, `${(arena * host.width) / 32}`, `${stack}`, `${keys}`],
			'ignore',
		);
	}

	/** Sends an event, answers each request with `answer`, and returns what the event came to, or how the machine ended. */
	event(values: readonly Value[] = [], answer: (values: Value[]) => readonly Value[] = () => []): Value | End {
		this.channel.send(Kind.EVENT, values);
		for (let frame = this.channel.receive(); frame; frame = this.channel.receive()) {
			if (frame.kind === Kind.REQUEST) this.channel.send(Kind.ANSWER, answer(frame.values()));
			else if (frame.kind === Kind.ABORT) return endOf(frame);
			else {
				readStatistics(frame);
				return frame.values()[0];
			}
		}
		return { status: 0, why: 'gone' };
	}

	/** The exit code of the process. */
	exitCode(): Promise<number | null> {
		const { process } = this.channel;
		process.ref();
		return new Promise((resolve) => {
			if (process.exitCode !== null) resolve(process.exitCode);
			else process.on('exit', resolve);
		});
	}

	close(): void {
		this.channel.kill();
		rmSync(this.#folder, { recursive: true, force: true });
	}
}

function endOf(frame: Frame): End {
	const status = frame.u8();
	readStatistics(frame);
	return { status, why: frame.text() };
}
