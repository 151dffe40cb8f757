import { LevelledLog, levelOf } from '../../modules/log/levelled';
import type { LogLevel } from '../../modules/ports';

const LABELS: Readonly<Record<LogLevel, string>> = Object.freeze({
	error: 'ERROR ',
	warning: 'WARNING ',
	info: '',
	debug: 'debug: ',
});

/** Lines to the SDK's trace, up to a level ("info" unless it is one of the four), until a setting says otherwise. */
export function traceLog(upTo: string | undefined): LevelledLog {
	return new LevelledLog(
		(level, source, message) =>
			trace(`${new Date().toISOString().slice(11, 23)} ${source}: ${LABELS[level]}${oneLine(message)}\n`),
		levelOf(upTo) ?? 'info',
	);
}

/** What comes from outside may hold control characters: a log line stays one line. No pattern: see modules/text. */
function oneLine(message: string): string {
	let line = '';
	for (const character of message) line += character < ' ' || character === '\x7f' ? '?' : character;
	return line;
}
