import type { Log, LogLevel } from '../ports';

/** Each tells all that those before it tell. */
export const LEVELS: readonly LogLevel[] = Object.freeze(['error', 'warning', 'info', 'debug'] as const);

/** `word` if it is a level. */
export function levelOf(word: unknown): LogLevel | undefined {
	return LEVELS.find((each) => each === word);
}

/** A log that tells up to a level, which may change while it is in use. */
export class LevelledLog {
	/** The last level that is told. */
	upTo: LogLevel;
	/** What goes to whoever logs. */
	readonly log: Log;

	constructor(write: Log, upTo: LogLevel) {
		this.upTo = upTo;
		this.log = (level, source, message) => {
			if (LEVELS.indexOf(level) <= LEVELS.indexOf(this.upTo)) write(level, source, message);
		};
	}
}
