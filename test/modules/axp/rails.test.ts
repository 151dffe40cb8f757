import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { feed, type Rails } from '../../../modules/axp/rails';
import { Fault } from '../../../modules/fault';

/** A chip for power at its registers: which may be another, keep what it likes, or fall silent. */
function chip(identity: number, { keeps = true, silentAfter = Number.POSITIVE_INFINITY } = {}) {
	const registers = new Uint8Array(256);
	registers[0x03] = identity;
	const state = { registers, opened: [] as object[], closed: 0, calls: 0, writes: [] as [number, number][] };
	class Bus {
		constructor(options: object) {
			state.opened.push(options);
		}
		#answer(): void {
			if (++state.calls > silentAfter) throw new Error('i2c');
		}
		readUint8(register: number): number {
			this.#answer();
			return registers[register]!;
		}
		writeUint8(register: number, value: number): void {
			this.#answer();
			state.writes.push([register, value]);
			if (keeps) registers[register] = value;
		}
		close(): void {
			state.closed++;
		}
	}
	return { ...state, state, sensor: { io: Bus as never, data: 21, clock: 22 } };
}

const axp192: Rails = { chip: 'axp192', rails: ['ldo2', 'ldo3'] };
const axp2101: Rails = { chip: 'axp2101', rails: ['aldo3', 'aldo4'] };

describe('rails of a chip for power', () => {
	test('an AXP192: LDO2 and LDO3 at 3.3 V and on, and nothing else of its registers', () => {
		const { registers, sensor, state } = chip(0x03);
		registers[0x12] = 0b0101_0011;
		feed(axp192, sensor);
		expect([registers[0x28], registers[0x12]]).toEqual([0xff, 0b0101_1111]);
		expect(state.opened).toEqual([{ address: 0x34, hz: 400_000, ...sensor }]);
		expect(state.closed).toBe(1);
		expect(new Set(state.writes.map(([register]) => register))).toEqual(new Set([0x28, 0x12]));
	});

	test('an AXP2101: ALDO3 and ALDO4 at 3.3 V and on', () => {
		const { registers, sensor } = chip(0x4a);
		registers[0x90] = 0b1000_0001;
		registers[0x94] = 0xe0;
		feed(axp2101, sensor);
		expect([registers[0x94], registers[0x95], registers[0x90]]).toEqual([0xfc, 0x1c, 0b1000_1101]);
	});

	test('the voltage is right before a rail is switched on', () => {
		const { sensor, state } = chip(0x4a);
		feed(axp2101, sensor);
		expect(state.writes.map(([register]) => register)).toEqual([0x94, 0x90, 0x95, 0x90]);
	});

	test('what is as it should be is not written: a restart, a waking', () => {
		const { sensor, state } = chip(0x03);
		feed(axp192, sensor);
		state.writes.length = 0;
		feed(axp192, sensor);
		expect(state.writes).toEqual([]);
	});

	test('another chip is left alone', () => {
		const { sensor, state } = chip(0x4a);
		expect(() => feed(axp192, sensor)).toThrow('axp192: another chip answers, 74');
		expect([state.writes, state.closed]).toEqual([[], 1]);
	});

	test('a register that keeps nothing is a fault', () => {
		const { sensor } = chip(0x03, { keeps: false });
		expect(() => feed(axp192, sensor)).toThrow('register 40 does not keep what is written');
	});

	test('silence at any transaction is a fault of the sensor, and the bus is let go', () => {
		for (let silentAfter = 0; silentAfter < 9; silentAfter++) {
			const { sensor, state } = chip(0x03, { silentAfter });
			expect(() => feed(axp192, sensor)).toThrow(expect.objectContaining({ code: 'sensor' }));
			expect(state.closed).toBe(1);
		}
		const none = {
			io: class {
				constructor() {
					throw new Error('no such pins');
				}
			} as never,
		};
		expect(() => feed(axp192, none)).toThrow(new Fault('sensor', 'axp192: no such pins'));
	});

	test('whatever stood in its registers, the other rails stay as they were', () => {
		fc.assert(
			fc.property(fc.integer({ min: 0, max: 255 }), fc.integer({ min: 0, max: 255 }), (switches, voltage) => {
				const { registers, sensor } = chip(0x4a);
				registers[0x90] = switches;
				registers[0x94] = voltage;
				feed({ chip: 'axp2101', rails: ['aldo3'] }, sensor);
				expect(registers[0x90]).toBe(switches | 4);
				expect(registers[0x94]).toBe((voltage & 0xe0) | 0x1c);
				expect(registers[0x95]).toBe(0);
			}),
		);
	});
});
