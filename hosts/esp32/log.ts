import { LevelledLog, levelOf } from '../../modules/log/levelled';
import type { LogLevel } from '../../modules/ports';

export interface UartLogOptions {
	readonly print: (line: string) => void;
	readonly ticks: () => number;
	/** The last level that is told, until a setting says otherwise. */
	readonly upTo: LogLevel;
}

/** `word` if it is a level; else all in a build for diagnosis, and the errors in a release. */
export function firstLevel(word: unknown, diagnosis: boolean): LogLevel {
	return levelOf(word) ?? (diagnosis ? 'debug' : 'error');
}

/** "12.345 error mqtt: …": seconds since this boot. */
export function uartLog({ print, ticks, upTo }: UartLogOptions): LevelledLog {
	return new LevelledLog(
		(level, source, message) => print(`${(ticks() / 1000).toFixed(3)} ${level} ${source}: ${oneLine(message)}`),
		upTo,
	);
}

/** What comes from outside may hold control characters: a log line stays one line. No pattern: it is preloaded. */
function oneLine(message: string): string {
	let line = '';
	for (const character of message) line += character < ' ' || character === '\x7f' ? '?' : character;
	return line;
}
