import type { Log, LogLevel } from '../../modules/ports';

const LEVELS: readonly LogLevel[] = Object.freeze(['error', 'warning', 'info', 'debug'] as const);
const LABELS: Readonly<Record<LogLevel, string>> = Object.freeze({
	error: 'ERROR ',
	warning: 'WARNING ',
	info: '',
	debug: 'debug: ',
});

/** Lines to the SDK's trace, up to a level ("info" unless it is one of the four). */
export function traceLog(upTo: string | undefined): Log {
	const most = LEVELS.indexOf((upTo ?? 'info') as LogLevel);
	const last = most < 0 ? LEVELS.indexOf('info') : most;
	return (level, source, message) => {
		if (LEVELS.indexOf(level) > last) return;
		trace(`${new Date().toISOString().slice(11, 23)} ${source}: ${LABELS[level]}${oneLine(message)}\n`);
	};
}

/** What comes from outside may hold control characters: a log line stays one line. No pattern: see modules/text. */
function oneLine(message: string): string {
	let line = '';
	for (const character of message) line += character < ' ' || character === '\x7f' ? '?' : character;
	return line;
}
