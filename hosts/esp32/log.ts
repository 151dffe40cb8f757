import type { Log, LogLevel } from '../../modules/ports';

const LEVELS: readonly LogLevel[] = Object.freeze(['error', 'warning', 'info', 'debug'] as const);

export interface UartLogOptions {
	readonly print: (line: string) => void;
	readonly ticks: () => number;
	/** The last level that is told. */
	readonly upTo: LogLevel;
}

/** `word` if it is a level; else all in a build for diagnosis, and the errors in a release. */
export function levelOf(word: unknown, diagnosis: boolean): LogLevel {
	const level = LEVELS.find((each) => each === word);
	return level ?? (diagnosis ? 'debug' : 'error');
}

/** "12.345 error mqtt: …": seconds since this boot. */
export function uartLog({ print, ticks, upTo }: UartLogOptions): Log {
	const last = LEVELS.indexOf(upTo);
	return (level, source, message) => {
		if (LEVELS.indexOf(level) <= last) print(`${(ticks() / 1000).toFixed(3)} ${level} ${source}: ${oneLine(message)}`);
	};
}

/** What comes from outside may hold control characters: a log line stays one line. No pattern: it is preloaded. */
function oneLine(message: string): string {
	let line = '';
	for (const character of message) line += character < ' ' || character === '\x7f' ? '?' : character;
	return line;
}
