import { Command, CommanderError, InvalidArgumentError } from 'commander';
import type { LogLevel } from '../../modules/ports';
import { makeLog } from '../log';
import { makeToken } from './doors/maketoken';
import { addOperator, checkDeviceId, enrol, rotateSecret, setDevEui } from './enrol';
import { readLorawanSettings } from './lorawan/settings';
import { parseBrokerUrl } from './mqtt/external';
import { Topics } from './mqtt/topics';
import { checkName } from './names';
import { defaults, type ServerOptions, startServer } from './server';
import { defaultStateDirectory, statePaths } from './state';

const examples = `
Examples:
  npm run server
      Own broker on 8883 (MQTT over TLS), pages on http://127.0.0.1:8080/. The first start makes a development CA,
      a server certificate and the device ${defaults.device} in the state folder.
  npm run server -- --enrol ESP32_002
      One more device. Its password and its secret lie in <state>/devices/ESP32_002.json; a running server knows it at once.
  npm run server -- --rotate-secret ESP32_002
      A new secret for its tokens. The old one holds until the next rotation: give the device the new one meanwhile.
  curl --cacert <state>/tls/ca.pem -H "Authorization: Bearer $(npm run -s server -- --token ESP32_002)" \\
      -d '{"device_id":"ESP32_002","timestamp":1767225600000,"temperature":36.6}' https://localhost:8443/api/iot/data
      What a device does. --token makes its JWT, good for an hour.
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
	readonly https: number;
	readonly plainPort?: number;
	readonly acceptGuideTokens?: boolean;
	readonly rate?: number;
	readonly mqtts: number;
	readonly host: string;
	readonly name: readonly string[];
	readonly prefix: string;
	readonly broker?: string;
	readonly brokerCa?: string;
	readonly brokerUser?: string;
	readonly brokerPasswordFile?: string;
	readonly enrol?: string;
	readonly devEui?: string;
	readonly lorawan?: string;
	readonly rotateSecret?: string;
	readonly token?: string;
	readonly operator?: string;
	readonly for?: number;
	readonly json?: boolean;
}

function makeCommand(): Command {
	return new Command('npm run server --')
		.description(
			'Receives what FAJMA devices send: MQTT over TLS, HTTPS and WebSocket in, one row per reading in SQLite, pages to look at it.',
		)
		.option('--state <DIR>', 'where everything is kept', defaultStateDirectory())
		.option('--http <PORT>', 'pages and API on 127.0.0.1; 0 for any free port', portNumber, defaults.httpPort)
		.option('--mqtts <PORT>', 'MQTT over TLS for devices; 0 for any free port', portNumber, defaults.mqttsPort)
		.option('--https <PORT>', 'HTTPS and WebSocket for devices; 0 for any free port', portNumber, defaults.httpsPort)
		.option('--host <ADDRESS>', 'where devices are listened to', defaults.host)
		.option(
			'--plain-port <PORT>',
			"HTTP and WebSocket without TLS as well (the guide's section 3 has 8000): on a network of your own only",
			portNumber,
		)
		.option(
			'--accept-guide-tokens',
			"take the tokens of the guide's sketches too: plain base64, any length of life, Basic for Bearer",
		)
		.option('--rate <N>', 'messages a second of one device over HTTP and WebSocket; default 200', positiveWhole)
		.option('--name <NAME>', 'DNS name or address that devices reach us by; may be given again, is kept', nameList, [])
		.option('--prefix <P>', 'what every topic begins with', defaults.prefix)
		.option(
			'--broker <URL>',
			'use this broker (mqtts://HOST[:PORT]) instead of an own one; any device that it lets publish can then write as any other',
		)
		.option('--broker-ca <FILE>', "PEM of the authority that signed that broker's certificate")
		.option('--broker-user <U>', 'user at that broker')
		.option('--broker-password-file <F>', 'file whose content is the password')
		.option(
			'--lorawan <FILE>',
			'JSON: secret (of the webhooks), downlinks: network (tts or chirpstack), url, apiKey; for tts application, webhook',
		)
		.option('--enrol <ID>', 'give a device its password and its secret, and exit')
		.option('--dev-eui <EUI>', 'with --enrol: by which DevEUI network servers of LoRaWAN know the device')
		.option('--rotate-secret <ID>', 'give a device a new secret beside the one it has, and exit')
		.option('--token <ID>', "print a token of this device, good for an hour or for --for's time, and exit")
		.option('--operator <NAME>', 'give a person or program a token for commands and live data, and exit')
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

function positiveWhole(text: string): number {
	if (!/^[1-9][0-9]{0,5}$/.test(text)) throw new InvalidArgumentError('Must be a whole number, 1 to 999999.');
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
	const { state, http, https, mqtts, host, prefix, broker, brokerCa } = flags;
	usage(() => new Topics(prefix));
	const common = {
		state,
		httpPort: http,
		httpsPort: https,
		mqttsPort: mqtts,
		host,
		prefix,
		names: flags.name,
		acceptGuideTokens: flags.acceptGuideTokens ?? false,
		...(flags.plainPort !== undefined && { plainPort: flags.plainPort }),
		...(flags.rate !== undefined && { perSecond: flags.rate }),
		...(flags.lorawan !== undefined && { lorawan: readLorawanSettings(flags.lorawan) }),
	};
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

/** What is done without a server: who may come in. Undefined when a server was asked for. */
async function errand(flags: Flags): Promise<string | undefined> {
	const { state, operator } = flags;
	const paths = statePaths(state);
	const deviceId = flags.enrol ?? flags.rotateSecret ?? flags.token ?? operator;
	if (deviceId === undefined) return undefined;
	usage(() => checkDeviceId(deviceId));
	if (flags.enrol !== undefined) {
		enrol(state, deviceId);
		const { devEui } = flags;
		if (devEui !== undefined) usage(() => setDevEui(state, deviceId, devEui));
		return `${deviceId} is enrolled: ${paths.devices}/${deviceId}.json`;
	}
	if (flags.rotateSecret !== undefined) {
		rotateSecret(state, deviceId);
		return `${deviceId} has a new secret: ${paths.devices}/${deviceId}.json; the one before holds until the next`;
	}
	if (flags.token !== undefined) return makeToken(state, deviceId, flags.for ?? 3_600);
	addOperator(state, deviceId);
	return `${deviceId} is an operator: ${paths.operators}/${deviceId}.json`;
}

async function main(): Promise<number> {
	try {
		const flags = makeCommand().parse().opts<Flags>();
		const said = await errand(flags);
		if (said === undefined) await serve(flags);
		else process.stdout.write(`${said}\n`);
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
