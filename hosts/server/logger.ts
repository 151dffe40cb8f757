import pc from 'picocolors';
import { pino } from 'pino';
import type { Log, LogLevel } from '../../modules/ports';

export interface LoggerOptions {
	/** JSON lines, for machines; else one readable line each. */
	readonly json: boolean;
	/** 'debug', 'info', 'warning' or 'error'. */
	readonly level: LogLevel;
	readonly stream: NodeJS.WriteStream;
}

const pinoLevel = { error: 'error', warning: 'warn', info: 'info', debug: 'debug' } as const;
const labels: Readonly<Record<number, string>> = { 20: 'debug', 30: 'info', 40: 'warning', 50: 'error' };

/** A log for people or for machines. Lines hold no secret: whoever logs sees to that. */
export function makeLog({ json, level, stream }: LoggerOptions): Log {
	const colors = pc.createColors(stream.isTTY === true && !process.env.NO_COLOR);
	const paint: Readonly<Record<number, (text: string) => string>> = {
		20: colors.dim,
		40: colors.yellow,
		50: colors.red,
	};
	const readable = (line: string): string => {
		const entry = JSON.parse(line) as { level: number; time: number; source: string; msg: string };
		const time = new Date(entry.time).toISOString().slice(11, 23);
		const label = entry.level === 30 ? '' : `${labels[entry.level]}: `;
		const text = `${entry.source.padEnd(7)} ${label}${entry.msg}`;
		return `${colors.dim(time)} ${(paint[entry.level] ?? String)(text)}\n`;
	};
	const logger = pino(
		{ base: null, level: pinoLevel[level] },
		{ write: (line: string) => stream.write(json ? line : readable(line)) },
	);
	return (at, source, message) => logger[pinoLevel[at]]({ source }, message);
}
