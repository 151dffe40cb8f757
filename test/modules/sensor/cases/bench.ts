/** Plain code, so that Node and XS run the same cases over the same models. */
import type { BusFault, VirtualBus } from '../../../../hosts/simulator/bus/i2c';
import type { Scheduler } from '../../../../hosts/simulator/net/scheduler';
import { Fault } from '../../../../modules/fault';
import type { Alarm, AlarmOwner, Clock, Sensor } from '../../../../modules/ports';

export interface Case {
	readonly name: string;
	/** Throws when it does not hold. */
	readonly run: () => void;
}

interface Event {
	readonly at: number;
	readonly run: () => void;
	cancelled: boolean;
}

/** Time that stands still between `advance`s, for a driver and for the part that it talks to. */
export class Bench implements Scheduler, Clock {
	readonly #events: Event[] = [];
	#now = 0;

	get now(): number {
		return this.#now;
	}

	get ticks(): number {
		return Math.floor(this.#now);
	}

	get time(): undefined {
		return undefined;
	}

	schedule(delay: number, run: () => void): { cancel(): void } {
		const event: Event = { at: this.#now + Math.max(0, delay), run, cancelled: false };
		let place = this.#events.length;
		while (place > 0 && this.#events[place - 1]!.at > event.at) place--;
		this.#events.splice(place, 0, event);
		return {
			cancel() {
				event.cancelled = true;
			},
		};
	}

	alarm(owner: AlarmOwner): Alarm {
		let armed: { cancel(): void } | undefined;
		const alarm: Alarm = {
			set: (delay) => {
				armed?.cancel();
				armed = this.schedule(delay, () => owner.onAlarm(alarm));
			},
			clear: () => armed?.cancel(),
		};
		return alarm;
	}

	advance(milliseconds: number): void {
		const end = this.#now + milliseconds;
		for (let event = this.#events[0]; event && event.at <= end; event = this.#events[0]) {
			this.#events.shift();
			if (event.cancelled) continue;
			this.#now = event.at;
			event.run();
		}
		this.#now = end;
	}
}

export function equal(actual: unknown, expected: unknown, what = 'value'): void {
	const [got, wanted] = [JSON.stringify(actual), JSON.stringify(expected)];
	if (got !== wanted) throw new Error(`${what}: ${got}, not ${wanted}`);
}

export function near(actual: number | undefined, expected: number, tolerance: number, what = 'value'): void {
	if (actual === undefined || !(Math.abs(actual - expected) <= tolerance))
		throw new Error(`${what}: ${actual}, not ${expected} ± ${tolerance}`);
}

export function holds(condition: boolean, what: string): void {
	if (!condition) throw new Error(what);
}

/** Calls what must throw a Fault with these words in its message. */
export function faults(call: () => unknown, code: string, words: string): void {
	try {
		call();
	} catch (thrown) {
		holds(thrown instanceof Fault, `not a Fault: ${String(thrown)}`);
		const fault = thrown as Fault;
		equal(fault.code, code, 'code');
		holds(fault.message.includes(words), `"${fault.message}" without "${words}"`);
		return;
	}
	throw new Error(`no fault "${words}"`);
}

/** What a sensor gave for one reading. */
export interface Reading {
	readonly sample: ReturnType<Sensor['sample']>;
	readonly fault: Fault | undefined;
	/** Milliseconds until it was ready. */
	readonly took: number;
}

/** Starts a sensor and waits until it is ready; longer than `limit` is a failure. */
export function readOnce(bench: Bench, sensor: Sensor, limit: number): Reading {
	const began = bench.now;
	sensor.start?.();
	while (sensor.ready === false) {
		holds(bench.now - began <= limit, `not ready after ${limit} ms`);
		bench.advance(1);
	}
	const took = bench.now - began;
	let sample: Reading['sample'];
	let fault: Fault | undefined;
	try {
		sample = sensor.sample();
	} catch (thrown) {
		holds(thrown instanceof Fault, `not a Fault: ${String(thrown)}`);
		fault = thrown as Fault;
	}
	sensor.stop?.();
	return { sample: sample && { ...sample }, fault, took };
}

export interface Rig {
	readonly bench: Bench;
	readonly bus: VirtualBus;
	readonly sensor: Sensor;
	/** Throws unless this is what the part stands before. */
	readonly check: (sample: ReturnType<Sensor['sample']>) => void;
}

/**
 * Breaks each transaction of a reading in turn, in each way: once, and the reading is as good as ever; for good, and there is a
 * Fault and a reason, and the next reading is good when the bus is.
 * @param limit milliseconds that a reading may take at most, with all its tries
 * @param forGood those that can be found out when they are there all the time
 */
export function breakEach(
	make: () => Rig,
	kinds: readonly BusFault[],
	limit: number,
	forGood: readonly BusFault[] = kinds,
): void {
	const whole = make();
	whole.check(readOnce(whole.bench, whole.sensor, limit).sample);
	const count = whole.bus.transactions;
	holds(count > 0, 'no transaction');
	for (const kind of kinds)
		for (let at = 0; at < count; at++) {
			const where = `${kind} at ${at}`;
			try {
				breakOnce(make(), at, kind, limit);
				if (forGood.includes(kind)) breakForGood(make(), at, kind, limit);
			} catch (thrown) {
				throw new Error(`${where}: ${(thrown as Error).message}`);
			}
		}
}

function breakOnce({ bench, bus, sensor, check }: Rig, at: number, kind: BusFault, limit: number): void {
	bus.fault = (transaction) => (transaction === at ? kind : undefined);
	const { sample, fault } = readOnce(bench, sensor, limit);
	holds(bus.transactions > at, 'it was not reached');
	if (fault) throw fault;
	check(sample);
	equal(bus.violations, [], 'violations');
	sensor.close();
}

function breakForGood({ bench, bus, sensor, check }: Rig, at: number, kind: BusFault, limit: number): void {
	bus.fault = (transaction) => (transaction >= at ? kind : undefined);
	const { fault } = readOnce(bench, sensor, limit);
	holds(fault !== undefined, 'no fault');
	holds(Object.keys(sensor.missing ?? {}).length > 0, 'no reason');
	bus.fault = undefined;
	bench.advance(5_000);
	const again = readOnce(bench, sensor, limit);
	if (again.fault) throw again.fault;
	check(again.sample);
	equal(bus.violations, [], 'violations');
	sensor.close();
	sensor.close();
}
