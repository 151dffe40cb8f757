/** 2026-01-01: before the first firmware was built. A clock that says less was never set, or was lied to. */
export const EARLIEST_TIME = 1_767_225_600_000;
/** 2100-01-01: whatever says more lies, or counts from another year. Below 2^42, the end of a reading's packed form. */
export const LATEST_TIME = 4_102_444_800_000;

/**
 * Whether epoch milliseconds can be the time at all.
 * @param earliest a later moment that has surely passed, where one is known: when the firmware was built
 */
export function isTime(time: number | undefined, earliest = EARLIEST_TIME): time is number {
	return time !== undefined && time >= earliest && time < LATEST_TIME;
}
