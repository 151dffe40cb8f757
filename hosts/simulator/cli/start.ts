import { Command } from 'commander';
import { collectSetting, options } from './options';

const _program = new Command('npm start --')
	.description('The server and a virtual device in one process: readings from a sensor to a row, over MQTT with TLS.')
	.addOption(options.for())
	.addOption(options.interval())
	.addOption(options.devices())
	.addOption(options.replay())
	.addOption(options.columnMap())
	.addOption(options.speed())
	.addOption(options.seed())
	.addOption(options.state())
	.option('--set <key=value>', 'any setting of the firmware (see npm run device -- --help)', collectSetting, {})
	.addOption(options.json())
	.addOption(options.verbose())
	.addHelpText(
		'after',
		`
Examples:
  npm start                                     until Ctrl-C, a reading every 30 s
  npm start -- --interval 2 --for 60 --json     a minute, then the counts
  npm start -- --devices 5 --interval 1         five persons
  npm start -- --replay FILE.csv --speed 60     a recording, a minute of it each second

While it runs: http://127.0.0.1:8080/ shows what arrived.
Exit status: 0 when nothing was lost, 1 when something was or could not start, 2 for a wrong option.`,
	);

interface Given {
	for?: number;
	interval?: number;
	devices: number;
	replay?: string;
	columnMap?: string;
	speed: number;
	seed: number;
	state?: string;
	set: Record<string, string>;
	json?: boolean;
	verbose?: boolean;
}
