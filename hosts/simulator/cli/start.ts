import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { Command } from 'commander';
import pc from 'picocolors';
import { Fault } from '../../../modules/fault';
import type { Log } from '../../../modules/ports';
import type { DeviceReport } from '../../../src/device';
import { makeSettings } from '../../../src/settings';
import { makeLog } from '../../log';
import { enrolAll, setDevEui } from '../../server/enrol';
import { defaults, type Server, startServer } from '../../server/server';
import { defaultStateDirectory } from '../../server/state';
import { RadioSite } from '../radio/site';
import { loadScenario, namedScenarios, type Scenario } from '../scenarios/scenario';
import { Theatre } from '../scenarios/theatre';
import { readLight } from '../sensors/recorded-light';
import { RealTime } from '../time';
import { collectSetting, logLevel, options } from './options';
import { deviceOutcome, type Outcome, summary } from './outcome';
import { onAsked, onClosedPipe, onInterrupt, Run } from './run';
import { drawStatus, LiveStatus } from './status';

interface Given {
	for?: number;
	interval?: number;
	devices: number;
	replay?: string;
	ppg?: string;
	ppgRate: number;
	columnMap?: string;
	speed: number;
	seed: number;
	state: string;
	set: Record<string, string>;
	scenario?: string;
	json?: boolean;
	verbose?: boolean;
}

const program = new Command('npm start --')
	.description(
		'The server and a virtual device in one process: readings from a sensor to a row, by MQTT, HTTPS and WebSocket.',
	)
	.addOption(options.for())
	.addOption(options.interval())
	.addOption(options.devices())
	.addOption(options.replay())
	.addOption(options.ppg())
	.addOption(options.ppgRate())
	.addOption(options.columnMap())
	.addOption(options.speed())
	.addOption(options.seed())
	.addOption(options.state())
	.addOption(options.scenario())
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
  npm start -- --ppg FILE.csv --ppg-rate 25     recorded light, on the pulse oximeter's photodiode
  npm start -- --scenario outages               a play; the tour, once, unless said

Scenarios:
${namedScenarios()
	.map(({ name, description }) => `  ${name.padEnd(16)} ${description}`)
	.join('\n')}

While it runs: http://127.0.0.1:8080/ shows what arrived.
Exit status: 0 when nothing was lost, 1 when something was or could not start, 2 for a wrong option.`,
	);

/** Of devices of no maker: locally administered. */
const DEV_EUI = 0xfe00_0000_0000_0000n;

/** The port that people expect, or any that is free when another program has it. */
function freePort(preferred: number, host: string): Promise<number> {
	return new Promise((resolve) => {
		const probe = createServer();
		probe.once('error', () => resolve(0));
		probe.listen(preferred, host, () => probe.close(() => resolve(preferred)));
	});
}

/** What the devices are told: how to reach the server beside them, and what the user set. */
function deviceSettings(
	given: Given,
	server: Server,
	theatre: Theatre,
	scenario: Scenario | undefined,
): Record<string, unknown>[] {
	const names = Array.from({ length: given.devices }, (_, index) => `ESP32_${String(index + 1).padStart(3, '0')}`);
	const ca = readFileSync(server.caFile, 'utf8');
	return enrolAll(given.state, names).map(({ device_id, user, password, device_secret }) => ({
		mqttUrl: `mqtts://localhost:${theatre.ports.mqtt}`,
		httpUrl: `https://localhost:${theatre.ports.http}`,
		webSocketUrl: `wss://localhost:${theatre.ports.websocket}`,
		serverCa: ca,
		mqttUser: user,
		mqttPassword: password,
		deviceSecret: device_secret,
		...(scenario?.interval !== undefined && { dataIntervalSeconds: scenario.interval }),
		...(given.interval !== undefined && { dataIntervalSeconds: given.interval }),
		...scenario?.settings,
		...given.set,
		deviceId: device_id,
	}));
}

/** Gives each device what it needs for LoRaWAN, and says so to both sides. */
function withRadios(given: Given, site: RadioSite, devices: Record<string, unknown>[]): Record<string, unknown>[] {
	return devices.map((settings, index) => {
		const loraDevEui = (DEV_EUI + BigInt(index + 1)).toString(16);
		const loraAppKey = randomBytes(16).toString('hex');
		setDevEui(given.state, String(settings.deviceId), loraDevEui);
		site.register(loraDevEui, loraAppKey);
		return { loraDevEui, loraAppKey, ...settings };
	});
}

/** The counts of this run. A reading is lost when its sequence is neither a row nor in the journal. */
function tally(run: Run, server: Server): Outcome {
	const rowsBetween = server.store.database
		.prepare('SELECT count(*) FROM readings WHERE device_id = ? AND epoch = ? AND sequence >= ? AND sequence < ?')
		.pluck();
	const reports = run.reports();
	const lostBy = (report: DeviceReport, start: DeviceReport): number => {
		// From the oldest that an earlier run left: it is delivered, and counted, in this one.
		const taken = report.sampled + start.backlog;
		const arrived = rowsBetween.get(report.deviceId, report.epoch, start.oldest, report.next) as number;
		// A reading whose receipt was on its way is a row and in the journal: not lost.
		return Math.max(0, taken - arrived - report.backlog);
	};
	const { rows, duplicates, rejected } = server.counts();
	return {
		devices: reports.map(deviceOutcome),
		server: { rows, duplicates, rejected },
		lost: reports.reduce((sum, report, index) => sum + lostBy(report, run.starts[index]!), 0),
	};
}

/** What is played: what was asked for; else the tour, where nothing else is going on. */
function scenarioOf({ scenario, speed, replay, devices }: Given): Scenario | undefined {
	if (scenario === 'none') return undefined;
	if (scenario === undefined) {
		if (speed !== 1 || replay !== undefined || devices > 1) return undefined;
		// The guide's interval is the default's too; only a play that was asked for has its own.
		const { interval, ...tour } = loadScenario('tour');
		return tour;
	}
	if (speed !== 1) throw new Fault('range', '--scenario: plays at --speed 1 only');
	return loadScenario(scenario);
}

async function main(given: Given): Promise<number> {
	const { state, seed, speed, replay, columnMap } = given;
	const stream = given.json ? process.stderr : process.stdout;
	let server: Server | undefined;
	let run: Run | undefined;
	let theatre: Theatre | undefined;
	let site: RadioSite | undefined;
	let live = 0;
	let status: LiveStatus | undefined;
	const draw = (): string => {
		if (!server || !run) return 'starting…';
		const { rows, duplicates, rejected } = server.counts();
		const counts = `${rows} new rows, ${duplicates} duplicates, ${rejected} rejected`;
		return drawStatus(run.reports(), `server: ${counts}   ${pc.dim('Ctrl-C ends')}`);
	};
	const write = (text: string): void => {
		if (status) status.write(text);
		else stream.write(text);
	};
	const logFor = (prefix: string): Log =>
		makeLog({ stream, level: logLevel(given.verbose, given.set.logLevel), prefix, write });
	const log = logFor('');
	let scenario: Scenario | undefined;
	try {
		scenario = scenarioOf(given);
		if (given.set.deviceId !== undefined) throw new Fault('range', 'deviceId: here the devices are ESP32_001 and on');
		makeSettings({ ...scenario?.settings, ...given.set });
	} catch (error) {
		log('error', 'start', (error as Error).message);
		return 2;
	}
	const began = Date.now();
	let outcome: Outcome;
	try {
		if (scenario?.lora) site = await RadioSite.open({ ...scenario.lora, scheduler: new RealTime(), log });
		server = await startServer({
			state,
			log,
			...(site && { lorawan: site.settings }),
			// The devices' time runs faster than ours: the server must not take it for a far future.
			now: () => began + Math.floor((Date.now() - began) * Math.max(1, speed)),
			mqttsPort: await freePort(defaults.mqttsPort, defaults.host),
			httpsPort: await freePort(defaults.httpsPort, defaults.host),
			httpPort: await freePort(defaults.httpPort, '127.0.0.1'),
		});
		log('info', 'start', `everything is kept in ${state}`);
		log('info', 'start', `what arrives: http://127.0.0.1:${server.httpPort}/`);
		const stage = await Theatre.open(scenario, server, state);
		theatre = stage;
		site?.serve(server.httpsPort, readFileSync(server.caFile, 'utf8'));
		const plain = deviceSettings(given, server, stage, scenario);
		const devices = site ? withRadios(given, site, plain) : plain;
		for (const { deviceId } of devices)
			server.feed.listen(String(deviceId), (_text, type) => {
				if (type === 'realtime_data') live++;
			});
		const running = new Run({
			state,
			seed,
			speed,
			seconds: given.for ?? (given.scenario === undefined ? undefined : scenario?.for),
			replay,
			light: given.ppg === undefined ? undefined : await readLight(given.ppg, given.ppgRate),
			columnMap,
			site,
			devices,
			onEnding: () => void stage.end(),
			log: (deviceId) => logFor(given.devices > 1 ? `${deviceId} ` : ''),
		});
		run = running;
		stage.play(running, log, site);
		if (process.stdout.isTTY && !given.json) status = new LiveStatus(process.stdout, draw);
		onInterrupt(log, () => running.stop());
		onAsked(log, makeSettings(given.set).language, () => running.reports());
		onClosedPipe(() => running.stop());
		await running.ended;
		outcome = {
			...tally(running, server),
			live,
			...(site && { lora: site.counts }),
			...(scenario && { scenario: { name: scenario.name, marks: stage.marks ?? [] } }),
		};
	} catch (error) {
		log('error', 'start', (error as Error).message);
		return 1;
	} finally {
		status?.close();
		status = undefined;
		run?.close();
		await site?.close();
		await theatre?.close();
		await server?.close();
	}
	log('info', 'start', summary(outcome));
	if (given.json) process.stdout.write(`${JSON.stringify(outcome)}\n`);
	return outcome.lost === 0 ? 0 : 1;
}

program.exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2));
program.parse();
const given = program.opts<Given>();
process.exitCode = await main({ ...given, state: given.state ?? defaultStateDirectory() });
