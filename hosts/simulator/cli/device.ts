import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { Fault } from '../../../modules/fault';
import { makeSettings, type SettingRule, type Settings, settingNames, settingRules } from '../../../src/settings';
import { makeLog } from '../../log';
import { defaultStateDirectory } from '../../server/state';
import { readLight } from '../sensors/recorded-light';
import { collect, collectSetting, logLevel, options } from './options';
import { deviceOutcome, type Outcome, summary } from './outcome';
import { onAsked, onClosedPipe, onInterrupt, Run } from './run';

const program = new Command('npm run device --')
	.description('One virtual device, for any FAJMA server: MQTT, HTTPS and WebSocket, always with TLS.')
	.option('--config <file.json>', 'settings, one JSON object')
	.option('--set <key=value>', 'one setting, over the file’s; again for more', collectSetting, {})
	.option('--ca <file.pem>', 'the authority that must have signed the broker’s certificate (the setting serverCa)')
	.option('--secret-file <file>', 'the key of its tokens for HTTP and WebSocket (the setting deviceSecret)')
	.option('--password-file <file>', 'the broker’s password, kept out of the process list (the setting mqttPassword)')
	.option(
		'--time-server <host>',
		'the board has no clock and asks this one (SNTP), again for more; else it has this computer’s time',
		collect,
	)
	.addOption(options.interval())
	.addOption(options.for())
	.addOption(options.replay())
	.addOption(options.ppg())
	.addOption(options.ppgRate())
	.addOption(options.columnMap())
	.addOption(options.speed())
	.addOption(options.seed())
	.addOption(options.state())
	.addOption(options.json())
	.addOption(options.verbose())
	.addHelpText(
		'after',
		() => `\nSettings:\n${settingNames.map((name) => settingHelp(name, settingRules[name])).join('\n')}

Without a URL, the device is ESP32_001 of the server on this machine (npm run server), with the certificate, the password
and the secret that it made in the state folder.

Examples:
  npm run device
  npm run device -- --set dataIntervalSeconds=2 --for 60 --json
  npm run device -- --set mqttUrl=mqtts://broker.example --ca ca.pem --set mqttUser=me --password-file secret.txt

Exit status: 0 when nothing was lost, 1 when something was or could not start, 2 for a wrong option or setting.`,
	);

interface Given {
	config?: string;
	set: Record<string, string>;
	ca?: string;
	passwordFile?: string;
	secretFile?: string;
	timeServer?: string[];
	interval?: number;
	for?: number;
	replay?: string;
	ppg?: string;
	ppgRate: number;
	columnMap?: string;
	speed: number;
	seed: number;
	state?: string;
	json?: boolean;
	verbose?: boolean;
}

function settingHelp(name: string, rule: SettingRule): string {
	const bounds =
		rule.kind === 'number' ? `${rule.minimum} to ${rule.maximum}, ${rule.fallback} unless set` : (rule.shape ?? 'text');
	return `  ${name.padEnd(25)} ${rule.help} (${bounds}${rule.kind === 'text' && rule.fallback ? `; ${rule.fallback} unless set` : ''})`;
}

function isSecret(rule: SettingRule): boolean {
	return rule.kind === 'text' && rule.secret === true;
}

function readConfig(path: string): Record<string, unknown> {
	const text = readFileSync(path, 'utf8');
	let settings: unknown;
	try {
		settings = JSON.parse(text);
	} catch {
		// Not the parser's own words: they quote the file, and the file may hold a password.
		throw new Fault('range', `${path}: not JSON`);
	}
	if (typeof settings !== 'object' || settings === null || Array.isArray(settings))
		throw new Fault('range', `${path}: not a JSON object`);
	return settings as Record<string, unknown>;
}

/** What the user gave, over what the server on this machine made for its first device. */
function gather(given: Given, state: string): Record<string, unknown> {
	const file = given.config === undefined ? {} : readConfig(given.config);
	const settings: Record<string, unknown> = { ...file, ...given.set };
	if (given.interval !== undefined) settings.dataIntervalSeconds = given.interval;
	if (given.ca !== undefined) settings.serverCa = readFileSync(given.ca, 'utf8');
	for (const name of Object.keys(given.set))
		if (Object.hasOwn(settingRules, name) && isSecret(settingRules[name as keyof Settings]))
			throw new Fault(
				'range',
				`${name}: not on a command line, where everybody reads it; use --password-file, --secret-file or --config`,
			);
	if (given.secretFile !== undefined) settings.deviceSecret = readFileSync(given.secretFile, 'utf8').trimEnd();
	if (given.passwordFile !== undefined) settings.mqttPassword = readFileSync(given.passwordFile, 'utf8').trimEnd();
	makeSettings(settings);
	settings.deviceId ??= settingRules.deviceId.fallback;
	if (settings.mqttUrl ?? settings.httpUrl ?? settings.webSocketUrl) return settings;
	const mine = join(state, 'devices', `${String(settings.deviceId)}.json`);
	const ca = join(state, 'tls', 'ca.pem');
	if (!existsSync(mine) || !existsSync(ca))
		throw new Fault(
			'range',
			`mqttUrl: not set, nor httpUrl or webSocketUrl, and no server has made ${mine}; start one with npm run server, or name one`,
		);
	const { user, password, device_secret: secret } = readConfig(mine);
	return {
		mqttUrl: 'mqtts://localhost:8883',
		mqttUser: user,
		mqttPassword: password,
		...(secret !== undefined && {
			httpUrl: 'https://localhost:8443',
			webSocketUrl: 'wss://localhost:8443',
			deviceSecret: secret,
		}),
		serverCa: readFileSync(ca, 'utf8'),
		...settings,
	};
}

async function main(given: Given): Promise<number> {
	const state = given.state ?? defaultStateDirectory();
	const stream = given.json ? process.stderr : process.stdout;
	let log = makeLog({ stream, level: logLevel(given.verbose, undefined) });
	const { seed, speed, replay, columnMap, timeServer: timeServers } = given;
	let run: Run;
	let language: Settings['language'];
	try {
		const devices = [gather(given, state) as Partial<Settings>];
		log = makeLog({ stream, level: logLevel(given.verbose, devices[0]!.logLevel) });
		language = makeSettings(devices[0]).language;
		const light = given.ppg === undefined ? undefined : await readLight(given.ppg, given.ppgRate);
		const shared = { state, seed, speed, seconds: given.for, replay, columnMap, light, timeServers };
		run = new Run({ ...shared, devices, log: () => log });
	} catch (error) {
		log('error', 'device', (error as Error).message);
		return error instanceof Fault && error.code === 'range' ? 2 : 1;
	}
	onInterrupt(log, () => run.stop());
	onAsked(log, language, () => run.reports());
	onClosedPipe(() => run.stop());
	await run.ended;
	const reports = run.reports();
	run.close();
	const carried = run.starts.reduce((sum, { backlog }) => sum + backlog, 0);
	// Without the server's rows, a receipt is all that says that a reading arrived.
	const lost = reports.reduce((sum, { sampled, released, backlog }) => sum + sampled - released - backlog, carried);
	const outcome: Outcome = { devices: reports.map(deviceOutcome), server: null, lost };
	log('info', 'device', summary(outcome));
	if (given.json) process.stdout.write(`${JSON.stringify(outcome)}\n`);
	return lost === 0 ? 0 : 1;
}

program.exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2));
program.parse();
process.exitCode = await main(program.opts<Given>());
