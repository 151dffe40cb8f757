import { CRC_START, crcBytes, crcEnd } from '../../modules/journal/crc32';
import type { Health } from '../delivery/lane';
import { BOOT_MODULUS } from '../sensing/reading';
import { Cursor } from './cursor';

/**
 * What a device that sleeps knows from one waking to the next (FORMAT.md). All of it can be lost: that costs a full waking,
 * and never a reading. Moments are in milliseconds of the device's **age**, which began when it last lost its memory.
 */
export interface Retained {
	/** The age at which this was written. */
	age: number;
	/** How much older it shall be when it wakes. */
	asleep: number;
	/** When the next reading is due. */
	next: number;
	/** Epoch milliseconds at age 0, once somebody told the time. */
	born: number | undefined;
	/** When the time was last compared with what was told. */
	told: number;
	/** How much longer a sleep takes than was asked for, in parts per million. */
	driftPpm: number;
	/** The number under which undated readings were stamped. */
	boot: number | undefined;
	/** Readings since the last delivery. */
	readings: number;
	/** When the last delivery was done. */
	delivered: number;
	/** A delivery was asked for. */
	wanted: boolean;
	/** The battery is spared. */
	spared: boolean;
	/** Wakings so far, and how long they took, in milliseconds. */
	wakings: number;
	awake: number;
	/** The link first, as a route that carries nothing; then each route. */
	health: readonly Health[];
	/** The host's keepsakes by their names. */
	keepsakes: readonly (readonly [name: string, bytes: Uint8Array])[];
}

/** "FjRT", little-endian. */
const MAGIC = 0x54526a46;
const VERSION = 1;
const PREFIX = 8;
const CRC_BYTES = 4;
const NO_BOOT = 0xffff;
const TIME_KNOWN = 1;
const WANTED = 2;
const SPARED = 4;
/** Ten thousand years: whatever is beyond is no age. */
const LONGEST = 3.2e14;
const LONGEST_SLEEP = 2 ** 31 - 1;
/** An RTC oscillator is never this wrong. */
export const GREATEST_DRIFT = 100_000;
const COUNTER_MAX = 0xffff_ffff;
const LONGEST_NAME = 15;
const LONGEST_KEEPSAKE = 2_048;

/** A device without a memory: it measures at once, and delivers. */
export function unremembered(): Retained {
	return {
		age: 0,
		asleep: 0,
		next: 0,
		born: undefined,
		told: 0,
		driftPpm: 0,
		boot: undefined,
		readings: 0,
		delivered: 0,
		wanted: true,
		spared: false,
		wakings: 0,
		awake: 0,
		health: [],
		keepsakes: [],
	};
}

/** Writes `state` over the beginning of `memory`. What has no room there is left out from the end; returns the bytes used. */
export function packRetained(state: Retained, memory: Uint8Array): number {
	const to = new Cursor(memory);
	to.writeU32(MAGIC);
	to.writeU8(VERSION);
	to.skip(PREFIX - 5);
	to.writeU8((state.born === undefined ? 0 : TIME_KNOWN) | (state.wanted ? WANTED : 0) | (state.spared ? SPARED : 0));
	to.writeF64(state.age);
	to.writeU32(state.asleep);
	to.writeF64(state.next);
	to.writeF64(state.born ?? 0);
	to.writeF64(state.told);
	to.writeI32(state.driftPpm);
	to.writeU16(state.boot ?? NO_BOOT);
	to.writeU16(Math.min(state.readings, 0xffff));
	to.writeF64(state.delivered);
	to.writeU32(Math.min(state.wakings, COUNTER_MAX));
	to.writeF64(state.awake);
	const health = state.health.filter(({ name }) => isName(name)).slice(0, 8);
	to.writeU8(health.length);
	for (const { name, failures, retryAt, delivered, failed } of health) {
		to.writeText(name);
		to.writeU8(Math.min(failures, 0xff));
		to.writeF64(retryAt);
		to.writeU32(Math.min(delivered, COUNTER_MAX));
		to.writeU32(Math.min(failed, COUNTER_MAX));
	}
	let end = to.position + 1 + CRC_BYTES;
	const kept = state.keepsakes.filter(([name, { length }]) => {
		const size = 1 + name.length + 2 + length;
		if (!isName(name) || length > LONGEST_KEEPSAKE || end + size > memory.length) return false;
		end += size;
		return true;
	});
	to.writeU8(kept.length);
	for (const [name, bytes] of kept) {
		to.writeText(name);
		to.writeU16(bytes.length);
		to.writeBytes(bytes);
	}
	const length = to.position + CRC_BYTES;
	to.position = 5;
	to.writeU8(0);
	to.writeU16(length);
	to.position = length - CRC_BYTES;
	to.writeU32(crcEnd(crcBytes(CRC_START, memory, 0, length - CRC_BYTES)));
	return length;
}

/** What packRetained() wrote; undefined for anything else, however it came about. */
export function unpackRetained(memory: Uint8Array): Retained | undefined {
	try {
		const from = new Cursor(memory);
		if (from.readU32() !== MAGIC || from.readU8() !== VERSION || from.readU8() !== 0) return undefined;
		const length = from.readU16();
		if (length < PREFIX + CRC_BYTES || length > memory.length) return undefined;
		const crc = new Cursor(memory, length - CRC_BYTES).readU32();
		if (crc !== crcEnd(crcBytes(CRC_START, memory, 0, length - CRC_BYTES))) return undefined;
		const state = read(from);
		return from.position === length - CRC_BYTES && isSane(state) ? state : undefined;
	} catch {
		// It ends too early: garbage that has the right CRC.
		return undefined;
	}
}

function read(from: Cursor): Retained {
	const flags = from.readU8();
	const age = from.readF64();
	const asleep = from.readU32();
	const next = from.readF64();
	const born = from.readF64();
	const told = from.readF64();
	const driftPpm = from.readI32();
	const boot = from.readU16();
	return {
		age,
		asleep,
		next,
		born: flags & TIME_KNOWN ? born : undefined,
		told,
		driftPpm,
		boot: boot === NO_BOOT ? undefined : boot,
		readings: from.readU16(),
		delivered: from.readF64(),
		wanted: (flags & WANTED) !== 0,
		spared: (flags & SPARED) !== 0,
		wakings: from.readU32(),
		awake: from.readF64(),
		health: Array.from({ length: from.readU8() }, () => ({
			name: from.readText(),
			failures: from.readU8(),
			retryAt: from.readF64(),
			delivered: from.readU32(),
			failed: from.readU32(),
		})),
		keepsakes: Array.from({ length: from.readU8() }, () => [from.readText(), from.readBytes(from.readU16())] as const),
	};
}

/** A CRC proves that these bytes were written on purpose, not that the firmware which wrote them meant the same by them. */
function isSane(state: Retained): boolean {
	const { age, asleep, next, born = 0, told, driftPpm, boot = 0, delivered, awake, health } = state;
	const moments = [age, next, born, told, delivered, awake, ...health.map(({ retryAt }) => retryAt)];
	return (
		moments.every((moment) => Number.isInteger(moment) && moment >= 0 && moment <= LONGEST) &&
		asleep <= LONGEST_SLEEP &&
		next - age <= LONGEST_SLEEP &&
		told <= age &&
		delivered <= age &&
		Math.abs(driftPpm) <= GREATEST_DRIFT &&
		boot < BOOT_MODULUS
	);
}

function isName(name: string): boolean {
	if (name.length === 0 || name.length > LONGEST_NAME) return false;
	for (let at = 0; at < name.length; at++) if (name.charCodeAt(at) > 0x7e) return false;
	return true;
}
