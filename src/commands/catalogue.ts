import { Fault } from '../../modules/fault';
import type { WakeCause } from '../../modules/ports';
import { JsonObject, type JsonValue } from '../../modules/text/json';
import type { Settings } from '../settings';
import type { Result } from './ledger';

/** What a device can be told to do. Each may throw a Fault: 'range' refuses the command, anything else is a failure. */
export interface CommandActions {
	readonly settings: Settings;
	/** Changes settings, for good, and at once as far as it can. */
	change(changes: Partial<Settings>): void;
	/** The setting `thresholds` with these changes. @throws Fault 'range' */
	mergedThresholds(changes: JsonObject): string;
	/** Takes a reading. @returns its name at the server; undefined: its sensors need a moment, and it follows */
	readNow(): string | undefined;
	sendDiagnostics(): void;
	/** Lets all that is held be delivered now. @returns how many readings that are */
	flush(): number;
	/** Lets go of the alerts that were not delivered, and of what the rules know. @returns how many */
	clearAlerts(): number;
	/** Soon after it returned. */
	sleep(milliseconds: number): void;
	/** Soon after it returned. */
	restart(): void;
}

export interface Command {
	readonly name: string;
	/** Whole numbers and words that it wants, all of them. Undefined: it looks at its arguments itself. */
	readonly wants: readonly Want[] | undefined;
	/** Checks what `wants` cannot say. @throws Fault 'range' */
	readonly check?: (given: JsonObject, actions: CommandActions) => void;
	/** @returns what was done, for people */
	readonly run: (given: JsonObject, actions: CommandActions) => string;
	/** It ends the machine: whether that is so with these arguments. */
	readonly ends?: (given: JsonObject, actions: CommandActions) => boolean;
	/** After the machine ended of it: what came of it. */
	readonly after?: (given: JsonObject, actions: CommandActions, cause: WakeCause) => Result;
}

interface Want {
	readonly name: string;
	readonly minimum?: number;
	readonly maximum?: number;
	readonly words?: readonly string[];
}

const NOTHING: readonly Want[] = Object.freeze([]);
const SECONDS: readonly Want[] = Object.freeze([Object.freeze({ name: 'seconds', minimum: 1, maximum: 86_400 })]);
const MODE: readonly Want[] = Object.freeze([
	Object.freeze({ name: 'mode', words: Object.freeze(['always', 'sleep']) }),
]);

const secondsOf = (given: JsonObject): number => given.get('seconds') as number;
const modeOf = (given: JsonObject): Settings['mode'] => given.get('mode') as Settings['mode'];
const done = (detail: string): Result => ({ status: 'done', detail });
const failed = (detail: string): Result => ({ status: 'failed', detail });

/** Every command (wire.md). */
export const catalogue: readonly Command[] = Object.freeze([
	Object.freeze({
		name: 'set_interval',
		wants: SECONDS,
		run(given: JsonObject, actions: CommandActions) {
			actions.change({ dataIntervalSeconds: secondsOf(given) });
			return `a reading every ${secondsOf(given)} s`;
		},
	}),
	Object.freeze({
		name: 'set_thresholds',
		wants: undefined,
		check(given: JsonObject, actions: CommandActions) {
			if (given.names.length === 0) throw new Fault('range', 'arguments: no quantity');
			actions.mergedThresholds(given);
		},
		run(given: JsonObject, actions: CommandActions) {
			actions.change({ thresholds: actions.mergedThresholds(given) });
			return `set for ${given.names.join(', ')}`;
		},
	}),
	Object.freeze({
		name: 'set_mode',
		wants: MODE,
		ends: (given: JsonObject, actions: CommandActions) => modeOf(given) !== actions.settings.mode,
		run(given: JsonObject, actions: CommandActions) {
			if (modeOf(given) !== actions.settings.mode) {
				actions.change({ mode: modeOf(given) });
				actions.restart();
			}
			return `mode ${modeOf(given)}`;
		},
		after: (given: JsonObject, actions: CommandActions) =>
			modeOf(given) === actions.settings.mode ? done(`mode ${modeOf(given)}`) : failed('the mode was not kept'),
	}),
	Object.freeze({
		name: 'send_diagnostics',
		wants: NOTHING,
		run(_given: JsonObject, actions: CommandActions) {
			actions.sendDiagnostics();
			return 'diagnostics follow';
		},
	}),
	Object.freeze({
		name: 'read_now',
		wants: NOTHING,
		run(_given: JsonObject, actions: CommandActions) {
			const id = actions.readNow();
			return id === undefined ? 'a reading follows' : `reading ${id}`;
		},
	}),
	Object.freeze({
		name: 'sleep',
		wants: SECONDS,
		ends: () => true,
		run(given: JsonObject, actions: CommandActions) {
			actions.sleep(1000 * secondsOf(given));
			return '';
		},
		after(given: JsonObject, _actions: CommandActions, cause: WakeCause) {
			if (cause === 'timer') return done(`slept for ${secondsOf(given)} s`);
			return cause === 'pin' ? done('slept, and was woken by a pin') : failed(`interrupted: ${cause}`);
		},
	}),
	Object.freeze({
		name: 'restart',
		wants: NOTHING,
		ends: () => true,
		run(_given: JsonObject, actions: CommandActions) {
			actions.restart();
			return '';
		},
		after: () => done('restarted'),
	}),
	Object.freeze({
		name: 'flush',
		wants: NOTHING,
		run: (_given: JsonObject, actions: CommandActions) => `${actions.flush()} readings to deliver`,
	}),
	Object.freeze({
		name: 'clear_alerts',
		wants: NOTHING,
		run: (_given: JsonObject, actions: CommandActions) => `${actions.clearAlerts()} undelivered alerts let go`,
	}),
]);

/**
 * The arguments of a command, checked.
 * @param given the message's `arguments`; undefined: none
 * @throws Fault 'range' that names the argument and its bound
 */
export function checkArguments(command: Command, given: JsonValue | undefined, actions: CommandActions): JsonObject {
	const all = given === undefined || given === null ? new JsonObject([], []) : given;
	if (!(all instanceof JsonObject)) throw new Fault('range', 'arguments: not an object');
	const { wants } = command;
	if (wants) {
		for (const name of all.names)
			if (!wants.some((want) => want.name === name))
				throw new Fault(
					'range',
					wants.length === 0 ? 'arguments: none are taken' : `arguments: only ${wants[0]!.name}`,
				);
		for (const want of wants) checkArgument(want, all.get(want.name));
	}
	command.check?.(all, actions);
	return all;
}

function checkArgument({ name, minimum = 0, maximum = 0, words }: Want, value: JsonValue | undefined): void {
	if (value === undefined) throw new Fault('range', `${name}: missing`);
	if (words) {
		if (typeof value !== 'string' || !words.includes(value)) throw new Fault('range', `${name}: ${words.join(' or ')}`);
		return;
	}
	if (typeof value !== 'number') throw new Fault('range', `${name}: not a number`);
	if (!Number.isInteger(value)) throw new Fault('range', `${name}: ${value} is not a whole number`);
	if (value < minimum) throw new Fault('range', `${name}: ${value} is below ${minimum}`);
	if (value > maximum) throw new Fault('range', `${name}: ${value} is above ${maximum}`);
}
