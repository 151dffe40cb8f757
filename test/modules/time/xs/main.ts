/** Keeps the time on XS: events bring the ticks on, answers of a server, and Dates; what is asked and told goes back as text. */
import { Handle } from '../../../../hosts/xs/device/operations';
import { Wire } from '../../../../hosts/xs/device/wire';
import type { Alarm, AlarmOwner, Clock } from '../../../../modules/ports';
import type { Datagram, NamesPart, UdpOptions, UdpPart } from '../../../../modules/time/parts';
import { Timekeeper } from '../../../../modules/time/timekeeper';

interface Armed {
	at: number | undefined;
	readonly run: () => void;
}

const world = {
	ticks: 0,
	rtc: undefined as number | undefined,
	alarms: [] as Armed[],
	said: [] as string[],
	asked: undefined as ArrayBuffer | undefined,
	arrived: [] as Datagram[],
	readable: undefined as ((count: number) => void) | undefined,
	draws: 1,
};

const clock = {
	get ticks() {
		return world.ticks;
	},
	get time() {
		return world.rtc;
	},
	alarm(owner: AlarmOwner): Alarm {
		const armed: Armed = { at: undefined, run: () => owner.onAlarm(alarm) };
		world.alarms.push(armed);
		const alarm: Alarm = {
			set(delay) {
				armed.at = world.ticks + delay;
			},
			clear() {
				armed.at = undefined;
			},
		};
		return alarm;
	},
} satisfies Clock;

class TestUdp {
	constructor({ onReadable }: UdpOptions) {
		world.readable = onReadable;
	}

	read(): Datagram | undefined {
		return world.arrived.shift();
	}

	write(buffer: Uint8Array): void {
		world.asked = buffer.slice().buffer as ArrayBuffer;
	}

	close(): void {
		world.readable = undefined;
	}
}

class NoNames {
	resolve(): void {
		throw new Error('addresses need no names');
	}
}

const SERVERS = ['192.0.2.1', '192.0.2.2', '192.0.2.3'];
let keeper: Timekeeper;

const acts = {
	open(rtc?: number) {
		world.rtc = rtc;
		world.alarms = [];
		keeper = new Timekeeper({
			clock,
			udp: { io: TestUdp } as unknown as UdpPart,
			dns: { io: NoNames } as unknown as NamesPart,
			servers: SERVERS,
			random32: () => (world.draws = Math.imul(world.draws, 0x9e3779b1) >>> 0),
			earliest: 0,
			log: (level, _, message) => world.said.push(`${level} ${message}`),
		});
		keeper.start();
	},
	/** Lets time pass up to the next alarm or for `most` ms; then what was asked, if anything. */
	pass(most: number) {
		const end = world.ticks + most;
		const due = world.alarms.filter(({ at }) => at !== undefined).sort((one, other) => one.at! - other.at!)[0];
		world.ticks = Math.max(world.ticks, Math.min(end, due?.at ?? end));
		if (due && due.at! <= world.ticks) {
			due.at = undefined;
			due.run();
		}
		const { asked } = world;
		world.asked = undefined;
		return asked;
	},
	answer(bytes: ArrayBuffer, address: string) {
		world.arrived.push(Object.assign(bytes, { address, port: 123 }));
		world.readable?.(1);
	},
	date: (text: string, askedAt: number) => keeper.serverDate(text, askedAt, world.ticks),
	ticks: () => world.ticks,
	time: () => keeper.clock.time,
	said: () => world.said.splice(0).join('\n'),
	sleep() {
		const kept = keeper.keep();
		return kept?.buffer;
	},
	wake: (kept: ArrayBuffer) => keeper.recall(new Uint8Array(kept)),
};

new Wire().attachFunction((act: keyof typeof acts, ...values: never[]) => {
	try {
		return (acts[act] as (...values: never[]) => unknown)(...values);
	} catch (thrown) {
		return `${(thrown as { code?: string }).code}: ${(thrown as Error).message}`;
	}
}, Handle.DEVICE);
