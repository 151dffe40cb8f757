/** sleep.c, as the functions of a Chip. Policy is in power.ts. */
import type { Chip } from './chip';

export const chip: Chip = Object.freeze({
	resetReason,
	wakeCauses,
	retained: () => new Uint8Array(memory(0)),
	note: () => new Uint8Array(memory(1)),
	canWake,
	wakeOn,
	sleep,
	restart,
	fact,
	idfVersion,
	feedWatchdog,
	isPending,
	markValid,
	random32,
});

declare function native(name: string): (this: unknown, ...args: readonly unknown[]) => unknown;

function resetReason(this: void): number {
	return native('xs_sleep_reset_reason').call(this) as number;
}
function wakeCauses(this: void): number {
	return native('xs_sleep_wake_causes').call(this) as number;
}
/** A host buffer: its bytes are where C has them, so the garbage collector neither moves nor frees them. */
function memory(this: void, which: number): ArrayBuffer {
	return native('xs_sleep_memory').call(this, which) as ArrayBuffer;
}
function canWake(this: void, pin: number): boolean {
	return native('xs_sleep_can_wake').call(this, pin) as boolean;
}
function wakeOn(this: void, source: number, pins: number, high: boolean): number {
	return native('xs_sleep_wake_on').call(this, source, pins, high) as number;
}
function sleep(this: void, ms: number): number {
	return native('xs_sleep_deep').call(this, ms) as number;
}
function restart(this: void): void {
	native('xs_sleep_restart').call(this);
}
function fact(this: void, which: number): number {
	return native('xs_sleep_fact').call(this, which) as number;
}
function idfVersion(this: void): string {
	return native('xs_sleep_idf_version').call(this) as string;
}
function feedWatchdog(this: void): void {
	native('xs_sleep_feed_watchdog').call(this);
}
function isPending(this: void): boolean {
	return native('xs_sleep_is_pending').call(this) as boolean;
}
function markValid(this: void): number {
	return native('xs_sleep_mark_valid').call(this) as number;
}
function random32(this: void): number {
	return native('xs_sleep_random32').call(this) as number;
}
