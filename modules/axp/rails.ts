import { Fault } from '../fault';
import type { AddressedPart, SMBus } from '../sensor/io';

/** Rails that a chip for power feeds parts of a board by: the outputs of its regulators. */
export type Rails =
	| { readonly chip: 'axp192'; readonly rails: readonly ('ldo2' | 'ldo3')[] }
	| { readonly chip: 'axp2101'; readonly rails: readonly ('aldo1' | 'aldo2' | 'aldo3' | 'aldo4')[] };

interface Rail {
	/** In the chip's register of switches. */
	readonly bit: number;
	/** Its voltage: steps of 100 mV above the lowest, in these bits of a register. */
	readonly register: number;
	readonly shift: number;
	readonly mask: number;
	readonly lowestMillivolts: number;
}

interface Chip {
	readonly identity: number;
	readonly switches: number;
	readonly rails: { readonly [name: string]: Rail };
}

/** Chips are at this address, and say what they are in this register. */
const ADDRESS = 0x34;
const IDENTITY = 0x03;
const RAIL_MILLIVOLTS = 3_300;
const STEP_MILLIVOLTS = 100;

const ldo = (bit: number, shift: number): Rail =>
	Object.freeze({ bit, register: 0x28, shift, mask: 0x0f << shift, lowestMillivolts: 1_800 });
const aldo = (bit: number): Rail =>
	Object.freeze({ bit, register: 0x92 + bit, shift: 0, mask: 0x1f, lowestMillivolts: 500 });

/**
 * X-Powers' datasheets: AXP192, registers 12H (power output control) and 28H (LDO2 and LDO3 voltage); AXP2101, registers 90H (LDOS ON/OFF
 * control) and 92H to 95H (ALDO voltages).
 */
const chips: { readonly [Name in Rails['chip']]: Chip } = Object.freeze({
	axp192: Object.freeze({
		identity: 0x03,
		switches: 0x12,
		rails: Object.freeze({ ldo2: ldo(2, 4), ldo3: ldo(3, 0) }),
	}),
	axp2101: Object.freeze({
		identity: 0x4a,
		switches: 0x90,
		rails: Object.freeze({ aldo1: aldo(0), aldo2: aldo(1), aldo3: aldo(2), aldo4: aldo(3) }),
	}),
});

/**
 * Switches rails on at 3.3 V, and leaves all others as they are: one of them feeds the processor. They stay on over deep sleep and
 * restarts.
 * @throws Fault 'sensor' when nobody answers, another chip does, or a register does not keep what is written
 */
export function feed({ chip, rails }: Rails, sensor: AddressedPart<SMBus>): void {
	const { identity, switches, rails: known } = chips[chip];
	const io = open(chip, sensor);
	try {
		const found = io.readUint8(IDENTITY);
		if (found !== identity) throw new Fault('sensor', `${chip}: another chip answers, ${found}`);
		for (const name of rails) {
			const { bit, register, shift, mask, lowestMillivolts } = known[name]!;
			change(io, register, mask, ((RAIL_MILLIVOLTS - lowestMillivolts) / STEP_MILLIVOLTS) << shift);
			change(io, switches, 1 << bit, 1 << bit);
		}
	} catch (thrown) {
		throw Fault.from(thrown, 'sensor');
	} finally {
		io.close();
	}
}

function open(chip: string, sensor: AddressedPart<SMBus>): SMBus {
	try {
		return new sensor.io({ address: ADDRESS, hz: 400_000, ...sensor } as never);
	} catch (thrown) {
		throw new Fault('sensor', `${chip}: ${Fault.from(thrown, 'sensor').message}`);
	}
}

/** In these bits of a register, and in no others. */
function change(io: SMBus, register: number, mask: number, value: number): void {
	const before = io.readUint8(register);
	if ((before & mask) === value) return;
	io.writeUint8(register, (before & ~mask) | value);
	if ((io.readUint8(register) & mask) !== value)
		throw new Fault('sensor', `register ${register} does not keep what is written`);
}
