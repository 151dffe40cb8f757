import { InvalidArgumentError, Option } from 'commander';
import type { LogLevel } from '../../../modules/ports';

/** A number within bounds; commander prints the message and exits with 2. */
export function numberWithin(minimum: number, maximum: number, whole: boolean): (text: string) => number {
	return (text) => {
		const number = Number(text);
		if (text.trim() === '' || !Number.isFinite(number) || (whole && !Number.isInteger(number)))
			throw new InvalidArgumentError(`It must be a ${whole ? 'whole ' : ''}number.`);
		if (number < minimum || number > maximum)
			throw new InvalidArgumentError(`It must be from ${minimum} to ${maximum}.`);
		return number;
	};
}

const option = (flags: string, description: string, minimum: number, maximum: number, whole = false): Option =>
	new Option(flags, description).argParser(numberWithin(minimum, maximum, whole));

/** The options that `start` and `device` share, each made anew for a command. */
export const options = {
	for: () =>
		option('--for <seconds>', 'stop after this long; else at Ctrl-C or the end of the recording', 0.1, 2_000_000),
	json: () =>
		new Option('--json', 'one JSON object with the counts as the last line of output; the log goes to stderr'),
	replay: () =>
		new Option(
			'--replay <file.csv>',
			'measure what this recording holds, one row each interval (1 s unless said), to its end',
		),
	ppg: () =>
		new Option(
			'--ppg <file.csv>',
			'what the pulse oximeter sees: a recorded photoplethysmogram, one row a sample, again and again',
		).conflicts('replay'),
	ppgRate: () => option('--ppg-rate <hz>', 'samples a second of that recording', 20, 400).default(25),
	columnMap: () =>
		new Option('--column-map <map>', 'which column is what, e.g. heart_rate=pulse_2,spo2=spo2_2 (else by the header)'),
	interval: () =>
		option('--interval <seconds>', 'from one reading to the next (else 30, or 1 with --replay)', 0.05, 86_400),
	devices: () => option('--devices <count>', 'virtual devices, ESP32_001 and on', 1, 2_000, true).default(1),
	state: () =>
		new Option('--state <folder>', 'where keys, flash and rows are kept (else a folder of yours, shown at start)'),
	seed: () =>
		option('--seed <number>', 'the persons’ values are the same for the same seed', 0, 2 ** 32 - 1, true).default(1),
	speed: () => option('--speed <factor>', 'the devices live this much faster than you', 0.001, 1e6).default(1),
	scenario: () =>
		new Option('--scenario <name|file>', 'a play of good and bad weather: one of those below, a JSON file, or none'),
	verbose: () => new Option('--verbose', 'log the small things too'),
};

/** How much the log tells: what is asked for here, or by the setting `logLevel` where that asks for more. */
export function logLevel(verbose: boolean | undefined, setting: unknown): LogLevel {
	return verbose || setting === 'debug' ? 'debug' : 'info';
}

/** Takes `--set key=value` again and again. */
export function collectSetting(pair: string, before: Record<string, string>): Record<string, string> {
	const at = pair.indexOf('=');
	if (at < 1) throw new InvalidArgumentError('It must be KEY=VALUE.');
	return { ...before, [pair.slice(0, at)]: pair.slice(at + 1) };
}

/** Takes an option again and again. */
export function collect(value: string, before: readonly string[] = []): string[] {
	return [...before, value];
}
