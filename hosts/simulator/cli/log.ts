import pc from 'picocolors';
import type { Log, LogLevel } from '../../../modules/ports';

const ranks: Readonly<Record<LogLevel, number>> = Object.freeze({ error: 0, warning: 1, info: 2, debug: 3 });

/**
 * A log of plain lines: time, who, level when it matters, message. Colours only when the stream is a terminal.
 * @param prefix names the device where several speak
 * @param write else straight to the stream
 */
export function lineLog(
	stream: NodeJS.WriteStream,
	level: LogLevel,
	prefix = '',
	write: (text: string) => void = (text) => void stream.write(text),
): Log {
	const colours = pc.createColors(Boolean(stream.isTTY) && !process.env.NO_COLOR);
	const paint = { error: colours.red, warning: colours.yellow, info: String, debug: colours.dim };
	return (at, source, message) => {
		if (ranks[at] > ranks[level]) return;
		const time = colours.dim(new Date().toISOString().slice(11, 23));
		const mark = at === 'error' || at === 'warning' ? `${at.toUpperCase()} ` : '';
		write(`${time} ${prefix}${colours.cyan(source)}: ${paint[at](mark + oneLine(message))}\n`);
	};
}

/** What comes from outside may hold control characters: a log line stays one line and moves no cursor. */
function oneLine(message: string): string {
	// biome-ignore lint/suspicious/noControlCharactersInRegex: these are the ones to be made visible.
	return message.replace(/[\u0000-\u001f\u007f-\u009f]/g, (c) => `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}`);
}
