import { Command, CommanderError, InvalidArgumentError } from 'commander';
import type { LogLevel } from '../../modules/ports';
import { makeLog } from '../log';
import { checkDeviceId, enrol } from './credentials';
import { parseBrokerUrl } from './external';
import { checkName } from './names';
import { defaults, type ServerOptions, startServer } from './server';
import { defaultStateDirectory, statePaths } from './state';
import { Topics } from './topics';

const examples = `
Examples:
  npm run server
      Own broker on 8883 (MQTT over TLS), pages on http://127.0.0.1:8080/. The first start makes a development CA,
      a server certificate and the device ${defaults.device} in the state folder.
  npm run server -- --enrol ESP32_002
      One more device. Its user and password lie in <state>/devices/ESP32_002.json; a running server knows it at once.
  npm run server -- --broker mqtts://broker.example:8883 --broker-ca ca.pem --broker-user server --broker-password-file pw
      With a broker that somebody else runs (Mosquitto, EMQX, …), whose rights decide who may publish. MQTT does not say
      who did: whoever may publish there can write in the name of any device. The own broker checks each name.
  npm run server -- --state ./lab --http 0 --mqtts 0 --for 60 --json
      A minute on free ports; the last line is one JSON object.
  curl 'http://127.0.0.1:8080/api/iot/readings?device_id=${defaults.device}&limit=5'
      What arrived last, and which sequence numbers are missing.

Environment: LOG=json for JSON lines, LOG_LEVEL=debug|info|warning|error, XDG_STATE_HOME.
Exit code: 0 done, 1 failed, 2 wrong usage.`;

interface Flags {
	readonly state: string;
	readonly http: number;
	readonly mqtts: number;
	readonly host: string;
	readonly name: readonly string[];
	readonly prefix: string;
	readonly broker?: string;
	readonly brokerCa?: string;
	readonly brokerUser?: string;
	readonly brokerPasswordFile?: string;
	readonly enrol?: string;
	readonly for?: number;
	readonly json?: boolean;
}

function makeCommand(): Command {
	return new Command('npm run server --')
		.description(
			'Receives what FAJMA devices send: MQTT over TLS in, one row per reading in SQLite, pages to look at it.',
		)
		.option('--state <DIR>', 'where everything is kept', defaultStateDirectory())
		.option('--http <PORT>', 'pages and API on 127.0.0.1; 0 for any free port', portNumber, defaults.httpPort)
		.option('--mqtts <PORT>', 'MQTT over TLS for devices; 0 for any free port', portNumber, defaults.mqttsPort)
		.option('--host <ADDRESS>', 'where MQTT over TLS listens', defaults.host)
		.option('--name <NAME>', 'DNS name or address that devices reach us by; may be given again, is kept', nameList, [])
		.option('--prefix <P>', 'what every topic begins with', defaults.prefix)
		.option(
			'--broker <URL>',
			'use this broker (mqtts://HOST[:PORT]) instead of an own one; any device that it lets publish can then write as any other',
		)
		.option('--broker-ca <FILE>', "PEM of the authority that signed that broker's certificate")
		.option('--broker-user <U>', 'user at that broker')
		.option('--broker-password-file <F>', 'file whose content is the password')
		.option('--enrol <ID>', 'give a device its user and password, and exit')
		.option('--for <SECONDS>', 'stop after this time', seconds)
		.option('--json', 'logs to stderr; the last line on stdout is one JSON object')
		.addHelpText('after', examples)
		.allowExcessArguments(false)
		.exitOverride();
}

function portNumber(text: string): number {
	if (!/^[0-9]{1,5}$/.test(text) || Number(text) > 65_535) throw new InvalidArgumentError('Must be 0 to 65535.');
	return Number(text);
}

function nameList(text: string, before: readonly string[]): readonly string[] {
	usage(() => checkName(text));
	return [...before, text];
}

function seconds(text: string): number {
	const value = Number(text);
	if (!(value > 0 && value <= 2_000_000)) throw new InvalidArgumentError('Must be above 0, at most 2000000.');
	return value;
}

/** What this throws is the fault of whoever typed it: exit code 2. */
function usage(check: () => unknown): void {
	try {
		check();
	} catch (error) {
		throw new InvalidArgumentError((error as Error).message);
	}
}

function serverOptions(flags: Flags): ServerOptions {
	const { state, http, mqtts, host, prefix, broker, brokerCa } = flags;
	usage(() => new Topics(prefix));
	const common = { state, httpPort: http, mqttsPort: mqtts, host, prefix, names: flags.name };
	if (broker === undefined) {
		if (brokerCa ?? flags.brokerUser ?? flags.brokerPasswordFile)
			throw new InvalidArgumentError('--broker-ca, --broker-user and --broker-password-file need --broker');
		return common;
	}
	if (brokerCa === undefined)
		throw new InvalidArgumentError('--broker needs --broker-ca: certificates are always verified');
	usage(() => parseBrokerUrl(broker));
	const { brokerUser: user, brokerPasswordFile: passwordFile } = flags;
	return { ...common, broker: { url: broker, caFile: brokerCa, user, passwordFile } };
}

function logLevel(): LogLevel {
	const given = process.env.LOG_LEVEL;
	return given === 'debug' || given === 'warning' || given === 'error' ? given : 'info';
}

async function serve(flags: Flags): Promise<void> {
	const stream = flags.json ? process.stderr : process.stdout;
	const log = makeLog({ json: process.env.LOG === 'json', level: logLevel(), stream });
	// Before anything is opened: a signal that comes while we start ends it as cleanly as later.
	const signalled = untilSignalled();
	const server = await startServer({ ...serverOptions(flags), log });
	log('info', 'server', `ready: http://127.0.0.1:${server.httpPort}/`);
	const why = await Promise.race([signalled, ...(flags.for === undefined ? [] : [untilOver(flags.for)])]);
	log('info', 'server', `stopping: ${why}`);
	setTimeout(() => {
		log('error', 'server', 'could not end within 5 s');
		process.exit(1);
	}, 5_000).unref();
	await server.close();
	const counts = server.counts();
	log('info', 'server', `${counts.rows} new readings, ${counts.duplicates} duplicates, ${counts.rejected} refused`);
	if (flags.json) process.stdout.write(`${JSON.stringify({ devices: [], server: counts, lost: null })}\n`);
}

function untilSignalled(): Promise<string> {
	return new Promise((resolve) => {
		// `once`: a second Ctrl-C ends it at once, as the system does.
		process.once('SIGINT', () => resolve('interrupted'));
		process.once('SIGTERM', () => resolve('terminated'));
	});
}

function untilOver(duration: number): Promise<string> {
	return new Promise((resolve) => {
		setTimeout(() => resolve(`${duration} s are over`), duration * 1000).unref();
	});
}

async function main(): Promise<number> {
	try {
		const flags = makeCommand().parse().opts<Flags>();
		if (flags.enrol !== undefined) {
			const id = flags.enrol;
			usage(() => checkDeviceId(id));
			const { device_id } = enrol(flags.state, id);
			process.stdout.write(`${device_id} is enrolled: ${statePaths(flags.state).devices}/${device_id}.json\n`);
			return 0;
		}
		await serve(flags);
		return 0;
	} catch (error) {
		if (error instanceof InvalidArgumentError) process.stderr.write(`error: ${error.message}\n`);
		else if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
		else process.stderr.write(`error: ${error instanceof Error ? error.message : String(error)}\n`);
		return error instanceof CommanderError ? 2 : 1;
	}
}

// Not process.exit: what was written may not have left yet. Nothing keeps the process when the server is closed.
process.exitCode = await main();
