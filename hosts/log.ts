import pc from 'picocolors';
import { pino } from 'pino';
import type { Log, LogLevel } from '../modules/ports';

export interface LogOptions {
	readonly level: LogLevel;
	readonly stream: NodeJS.WriteStream;
	/** JSON lines, for machines; else one readable line each. */
	readonly json?: boolean;
	/** Names the device where several speak. */
	readonly prefix?: string;
	/** Else straight to the stream. */
	readonly write?: (text: string) => void;
}

const pinoLevel = { error: 'error', warning: 'warn', info: 'info', debug: 'debug' } as const;
const labels: Readonly<Record<number, string>> = { 20: 'debug: ', 40: 'WARNING ', 50: 'ERROR ' };

/** A log for people or for machines, in colour only on a terminal. Lines hold no secret: whoever logs sees to that. */
export function makeLog({ json = false, level, stream, prefix = '', write }: LogOptions): Log {
	const colors = pc.createColors(stream.isTTY === true && !process.env.NO_COLOR);
	const paint: Readonly<Record<number, (text: string) => string>> = {
		20: colors.dim,
		40: colors.yellow,
		50: colors.red,
	};
	const readable = (line: string): string => {
		const entry = JSON.parse(line) as { level: number; time: number; source: string; msg: string };
		const time = new Date(entry.time).toISOString().slice(11, 23);
		const text = (paint[entry.level] ?? String)(`${labels[entry.level] ?? ''}${oneLine(entry.msg)}`);
		return `${colors.dim(time)} ${prefix}${colors.cyan(entry.source)}: ${text}\n`;
	};
	const out = write ?? ((text: string) => void stream.write(text));
	const logger = pino(
		{ base: null, level: pinoLevel[level] },
		{ write: (line: string) => out(json ? line : readable(line)) },
	);
	return (at, source, message) => logger[pinoLevel[at]]({ source }, message);
}

/** What comes from outside may hold control characters: a log line stays one line and moves no cursor. */
function oneLine(message: string): string {
	// biome-ignore lint/suspicious/noControlCharactersInRegex: these are the ones to be made visible.
	return message.replace(/[\u0000-\u001f\u007f-\u009f]/g, (c) => `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}`);
}
