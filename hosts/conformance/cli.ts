import { readFileSync } from 'node:fs';
import { Command, InvalidArgumentError } from 'commander';
import pc from 'picocolors';
import { type Clause, examine, type Identity, type Verdict } from './clause';
import { httpClauses } from './http';
import { mqttClauses } from './mqtt';
import { webSocketClauses } from './websocket';

interface Given {
	http?: string;
	mqtt?: string;
	ws?: string;
	ca?: string;
	device: string;
	secretFile?: string;
	mqttUser?: string;
	mqttPasswordFile?: string;
	prefix: string;
	timeout: number;
	guideOnly?: boolean;
	json?: boolean;
}

const url =
	(...protocols: string[]) =>
	(value: string): string => {
		const { protocol } = URL.canParse(value) ? new URL(value) : { protocol: '' };
		if (!protocols.includes(protocol)) throw new InvalidArgumentError(`must begin with ${protocols.join('// or ')}//`);
		return value;
	};

const seconds = (value: string): number => {
	const number = Number(value);
	if (!(number >= 0.1 && number <= 300)) throw new InvalidArgumentError('must be 0.1 to 300');
	return number;
};

const program = new Command('npm run conformance --')
	.description('Asks a server what it holds of the guide and of the wire format, and prints a table of clauses.')
	.option('--http <url>', 'its base URL for POST /api/iot/…, https:// or http://', url('https:', 'http:'))
	.option('--mqtt <url>', 'its broker, mqtts:// or mqtt://', url('mqtts:', 'mqtt:'))
	.option('--ws <url>', 'its base URL for /ws/iot/…, wss:// or ws://', url('wss:', 'ws:'))
	.option('--ca <file>', 'the authority of its certificate, PEM (else those that this computer trusts)')
	.option('--device <id>', 'the device to be', 'CONFORMANCE_KIT')
	.option('--secret-file <file>', 'the key of the device’s tokens; without it none is sent, and none is asked about')
	.option('--mqtt-user <name>', 'the device’s user name at the broker')
	.option('--mqtt-password-file <file>', 'and its password')
	.option('--prefix <topic>', 'what the topics begin with', 'fajma/esp32')
	.option('--timeout <seconds>', 'how long any one answer may take', seconds, 5)
	.option('--guide-only', 'only what any server of the guide holds')
	.option('--json', 'the verdicts as JSON')
	.addHelpText(
		'after',
		`
The kit writes readings, a heartbeat and an alert of its device: enrol a device for it, and do not point it at patients.

Examples:
  npm run conformance -- --http https://localhost:8443 --ca ca.pem --device KIT --secret-file kit.secret
  npm run conformance -- --http http://localhost:8000 --ws ws://localhost:8000 --guide-only

Exit status: 0 when every clause that was checked is held, 1 when one is not, 2 for a wrong option.`,
	)
	.exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2));

function read(file: string | undefined, name: string): string | undefined {
	if (file === undefined) return undefined;
	try {
		return readFileSync(file, 'utf8').trimEnd();
	} catch (error) {
		return program.error(`error: ${name}: ${(error as Error).message}`);
	}
}

function clausesOf(given: Given): Clause[] {
	const identity: Identity = {
		deviceId: given.device,
		ca: read(given.ca, '--ca'),
		secret: read(given.secretFile, '--secret-file'),
		mqttUser: given.mqttUser,
		mqttPassword: read(given.mqttPasswordFile, '--mqtt-password-file'),
		timeout: given.timeout * 1000,
	};
	const clauses = [
		...(given.http === undefined ? [] : httpClauses(given.http, identity)),
		...(given.mqtt === undefined ? [] : mqttClauses(given.mqtt, identity, given.prefix)),
		...(given.ws === undefined ? [] : webSocketClauses(given.ws, identity)),
	];
	return given.guideOnly ? clauses.filter(({ source }) => source === 'guide') : clauses;
}

const row = ({ id, source, text, held, seen }: Verdict): string => {
	const mark = held ? pc.green('held    ') : pc.red('not held');
	return `${id.padEnd(8)} ${source.padEnd(5)} ${mark}  ${text}${seen === undefined ? '' : pc.dim(` (${seen})`)}`;
};

const given = program.parse().opts<Given>();
if (given.http === undefined && given.mqtt === undefined && given.ws === undefined)
	program.error('error: say at least one of --http, --mqtt, --ws');
const verdicts = await examine(clausesOf(given), given.json ? undefined : (verdict) => console.log(row(verdict)));
const held = verdicts.filter((verdict) => verdict.held).length;
if (given.json) console.log(JSON.stringify({ held, asked: verdicts.length, clauses: verdicts }, undefined, '\t'));
else console.log(`${held} of ${verdicts.length} clauses held`);
process.exit(held === verdicts.length ? 0 : 1);
