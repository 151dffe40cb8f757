import { Fault } from '../../modules/fault';
import type { KeyValue, Log } from '../../modules/ports';
import { JsonObject, parseJson } from '../../modules/text/json';
import { makeSettings, type Settings } from '../settings';

/** What commands may change. */
const CHANGEABLE = Object.freeze(['dataIntervalSeconds', 'mode', 'thresholds'] as const);
type Change = Partial<Pick<Settings, (typeof CHANGEABLE)[number]>>;

const KEY = 'changes';
const BOUNDS = Object.freeze({ depth: 1, values: 8 });

/** The settings as they are: what the host gave, and over it what commands changed, kept in the store as one JSON object. */
export class Changes {
	readonly #store: KeyValue;
	#settings: Settings;
	#changes: Change = {};

	/** What stands in the store and cannot be, alone or with what the host gave, is left aside, and the log says so. */
	constructor(given: Settings, store: KeyValue, log: Log) {
		this.#store = store;
		this.#settings = given;
		try {
			const text = store.read(KEY);
			if (text === undefined) return;
			const changes = parse(text);
			this.#settings = makeSettings({ ...given, ...changes });
			this.#changes = changes;
		} catch (thrown) {
			log('warning', 'settings', `changed by commands: ${Fault.from(thrown, 'flash').message}: not taken`);
		}
		const names = Object.keys(this.#changes).join(', ');
		if (names !== '') log('info', 'settings', `changed by commands: ${names}`);
	}

	get settings(): Settings {
		return this.#settings;
	}

	/**
	 * Changes settings for good.
	 * @throws Fault 'range' that names the setting and its bound, 'misuse' for one that no command may change, 'flash' when it
	 * cannot be kept; nothing is changed then
	 */
	change(changes: Partial<Settings>): void {
		for (const name of Object.keys(changes))
			if (!CHANGEABLE.some((each) => each === name)) throw new Fault('misuse', `${name} is not for commands`);
		const all: Change = { ...this.#changes, ...changes };
		const settings = makeSettings({ ...this.#settings, ...changes });
		this.#store.write(KEY, JSON.stringify(all));
		this.#changes = all;
		this.#settings = settings;
	}
}

function parse(text: string): Change {
	const value = parseJson(text, BOUNDS);
	if (!(value instanceof JsonObject)) throw new Fault('malformed', 'not an object');
	const changes: Record<string, unknown> = {};
	for (const name of CHANGEABLE) {
		const changed = value.get(name);
		if (changed !== undefined) changes[name] = changed;
	}
	return changes as Change;
}
