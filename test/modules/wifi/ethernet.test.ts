import { describe, expect, test } from 'vitest';
import { VirtualTime } from '../../../hosts/simulator/time';
import { EthernetLink } from '../../../modules/wifi/ethernet';
import type { InterfaceOptions, Wire } from '../../../modules/wifi/interface';
import { clockOf } from './fake-air';

/** The SDK's class: it asks for an address by itself when the cable comes in, and may show an old one while it is out. */
class Cable {
	readonly time = new VirtualTime();
	plugged = false;
	address: string | undefined;
	broken = 0;
	readonly calls: string[] = [];
	#options: InterfaceOptions | undefined;
	#connecting = false;
	#addressed = false;

	get io(): new (
		options: InterfaceOptions,
	) => Wire {
		const cable = this;
		return class implements Wire {
			constructor(options: InterfaceOptions) {
				if (cable.broken-- > 0) throw new Error('no PHY');
				cable.#options = options;
			}
			get connection(): number {
				if (cable.plugged && cable.#addressed) return 500;
				return cable.#connecting ? 300 : cable.plugged ? 400 : 200;
			}
			get address(): string | undefined {
				return cable.address;
			}
			configure(): void {}
			connect(): void {
				if (cable.#connecting) throw new Error('already connecting');
				cable.calls.push('connect');
				cable.#connecting = true;
			}
			disconnect(): void {
				cable.#connecting = false;
			}
			close(): void {
				cable.calls.push('close');
				cable.#options = undefined;
			}
		};
	}

	plug(): void {
		this.plugged = true;
		this.address = undefined;
		this.#tell();
		this.time.schedule(800, () => {
			if (this.plugged) this.address = '10.0.0.9';
		});
		this.time.schedule(1_800, () => {
			if (this.plugged) this.#addressed = true;
			this.#tell();
		});
	}

	pull(): void {
		this.plugged = this.#connecting = this.#addressed = false;
		this.#tell();
	}

	#tell(): void {
		this.time.schedule(1, () => this.#options?.onChanged('connection'));
	}
}

function make(): { cable: Cable; link: EthernetLink; told: string[]; log: string[] } {
	const cable = new Cable();
	const told: string[] = [];
	const log: string[] = [];
	const link = new EthernetLink({
		io: cable.io,
		clock: clockOf(cable.time),
		log: (level, source, message) => void log.push(`${level} ${source}: ${message}`),
		hostname: 'fajma',
	});
	link.onChanged = () => void told.push(link.state);
	return { cable, link, told, log };
}

describe('a cable', () => {
	test('that is in: up with its address; out: down; in again: up, and not with the old address', () => {
		const { cable, link, told, log } = make();
		cable.plug();
		link.open();
		expect([link.state, told]).toEqual(['joining', []]);
		cable.time.advance(1_100);
		expect(told).toEqual(['joining', 'up']);
		expect(link.rssiDbm).toBeUndefined();
		cable.time.advance(60_000);
		cable.pull();
		cable.time.advance(10);
		expect([told.at(-1), log]).toEqual(['joining', ['warning ethernet: the cable is out']]);
		cable.time.advance(60_000);
		cable.plug();
		cable.time.advance(700);
		expect(link.state).toBe('joining');
		cable.time.advance(1_000);
		expect([link.state, cable.calls]).toEqual(['up', ['connect']]);
	});

	test('that comes later', () => {
		const { cable, link, told } = make();
		link.open();
		cable.time.advance(3_600_000);
		expect(told).toEqual(['joining']);
		cable.plug();
		cable.time.advance(2_000);
		expect(link.state).toBe('up');
	});

	test('an address that goes is seen', () => {
		const { cable, link, log } = make();
		cable.plug();
		link.open();
		cable.time.advance(5_000);
		cable.address = undefined;
		cable.time.advance(6_000);
		expect([link.state, log]).toEqual(['joining', ['warning ethernet: the address is gone']]);
	});

	test('a PHY that does not answer is tried again', () => {
		const { cable, link, log } = make();
		cable.broken = 2;
		cable.plug();
		link.open();
		cable.time.advance(59_000);
		expect([link.state, log.length]).toEqual(['joining', 2]);
		cable.time.advance(2_000);
		expect(link.state).toBe('up');
	});

	test('close is silent, may be repeated, and it opens again', () => {
		const { cable, link, told } = make();
		cable.plug();
		link.open();
		cable.time.advance(5_000);
		told.length = 0;
		link.close();
		link.close();
		cable.pull();
		cable.time.advance(60_000);
		expect([link.state, told, cable.calls]).toEqual(['down', [], ['connect', 'close']]);
		cable.plug();
		link.open();
		cable.time.advance(5_000);
		expect(told).toEqual(['joining', 'up']);
	});

	test('close before it began', () => {
		const { cable, link, told } = make();
		link.open();
		link.close();
		cable.time.advance(60_000);
		expect([told, cable.calls]).toEqual([[], []]);
	});
});
