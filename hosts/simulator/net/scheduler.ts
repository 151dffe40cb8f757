/** Time as the simulator's parts see it: virtual in tests, real for `npm start`. See VirtualTime and RealTime. */
export interface Scheduler {
	/** Milliseconds since the world began. */
	readonly now: number;
	/** Runs `run` once, `delay` ms from now, never from inside this call; equal moments in the order they were asked for. */
	schedule(delay: number, run: () => void): { cancel(): void };
}
