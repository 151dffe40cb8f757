import { type Body, type Engine, type Firmware, nodeEngine } from '../hosts/simulator/board/board';
import type { JoinTimes } from '../hosts/simulator/board/link';
import type { VirtualLine } from '../hosts/simulator/net/virtual';
import { type XsEngine, xsEngine } from '../hosts/xs/engine';
import type { Client } from '../modules/mqtt/client';
import type { Link } from '../modules/ports';
import { type Blows, dealBlows, SLEEPY } from '../test/support/sleep';
import { makeWorld } from '../test/support/world';
import { pulseCharge } from './sleep-pulse';
import type { Table } from './table';

const DAY = 86_400_000;
const DAYS = 30;
const EVERY = 12;
/** Blows on XS: an issue asks for a thousand. Each costs a process or two. */
const BLOWS = 1_000;
/** 1 MiB, as on a board. */
const BLOCKS = 256;

/**
 * The model: what was measured of an ESP32 by glenn20/upy-esp32-experiments, ESPNowvsWifiEnergyUsage (ms and mC from the wake
 * to sleep): boot 70, 3.32; with Wi-Fi at a fixed address 734, 100.2, with DHCP 1,626, 204.3; with one MQTT message 774, 108.6.
 * No TLS. What the processor does beside the boot is not in it. Without a memory the join is the one with DHCP. What is
 * remembered counts as the fixed address; that the access point need not be searched either was not measured there.
 */
const MODEL = Object.freeze({
	boot: { milliseconds: 70, charge: 3.32 },
	join: { milliseconds: 734 - 70, charge: 100.2 - 3.32 },
	joinDhcp: { milliseconds: 1_626 - 70, charge: 204.3 - 3.32 },
	/** mC a second with the link up and packets under way: (108.6 − 100.2) mC in 40 ms. */
	traffic: (108.6 - 100.2) / 0.04,
	/** mC a second with the link up and nothing to say: Wi-Fi in modem sleep (data sheet: 20 to 68 mA). */
	idle: 40,
	/** mC a second asleep (data sheet: 10 µA with timer and RTC memory). */
	asleep: 0.01,
});

/**
 * What tve/blog, lp-wifi-esp32-2, measured on another ESP32 (ESP-IDF 3.2, fixed address): joining an open network took 766 ms
 * with a search and 163 ms where channel and BSSID were named; WPA2, named, kept it awake for 900 ms at 120 mA, most of which
 * went into the key.
 */
const NAMED = Object.freeze({ open: 163 / 766, wpa2: 0.9 * 120 });

/** What one device did. Milliseconds, and bytes above TCP. */
interface Tally {
	boots: number;
	awake: number;
	joins: number;
	/** Of them, those where nothing was remembered. */
	searches: number;
	up: number;
	sent: number;
	received: number;
}

const number = (value: number, digits = 0): string =>
	new Intl.NumberFormat('en', { minimumFractionDigits: digits, maximumFractionDigits: digits }).format(value);

/** Runs `engine`, and counts what it does with its processor and its radio. */
function metered(tally: Tally, engine: Engine): Engine {
	return (body) => {
		const { power, clock, link } = body;
		let upSince: number | undefined;
		let opened = 0;
		const settle = (): void => {
			if (upSince !== undefined) tally.up += clock.ticks - upSince;
			upSince = undefined;
		};
		tally.boots++;
		meter(link, (event) => {
			if (event === 'close') settle();
			else if (event === 'open') {
				tally.joins++;
				opened = clock.ticks;
			} else {
				upSince = clock.ticks;
				if (upSince - opened > MODEL.join.milliseconds) tally.searches++;
			}
		});
		const sleep = (milliseconds: number): never => {
			settle();
			tally.awake += clock.ticks;
			return power.sleep(milliseconds);
		};
		return engine({ ...body, power: { ...power, sleep } });
	};
}

function meter(link: Link, tell: (event: 'open' | 'up' | 'close') => void): void {
	const { open, close } = link;
	let onChanged: (() => void) | undefined;
	Object.defineProperties(link, {
		open: {
			value() {
				tell('open');
				open.call(link);
			},
		},
		close: {
			value() {
				tell('close');
				close.call(link);
			},
		},
		onChanged: {
			get: () => () => {
				if (link.state === 'up') tell('up');
				onChanged?.();
			},
			set: (callback) => {
				onChanged = callback;
			},
		},
	});
}

function countBytes(line: VirtualLine, tally: Tally): void {
	const connect = line.connect.bind(line);
	line.connect = (host, port) => {
		const connection = connect(host, port);
		const write = connection.write.bind(connection);
		connection.write = (bytes) => {
			tally.sent += bytes.byteLength;
			write(bytes);
		};
		let device = connection.device;
		Object.defineProperty(connection, 'device', {
			get: () => device,
			set: (end: typeof device) => {
				device = end && {
					...end,
					onData: (bytes) => {
						tally.received += bytes.byteLength;
						end.onData(bytes);
					},
				};
			},
		});
		return connection;
	};
}

/** The guide's section 7: connect, send, `delay(5000)`, and sleep for 30 s; whatever came of it. */
const guide: Engine = (body: Body): Firmware => {
	const { clock, link, power, sensors, mqtt } = body;
	let client: Client | undefined;
	const sleep = clock.alarm({ onAlarm: () => power.sleep(30_000) });
	const send = (room: number): void => {
		const { temperatureCelsius, heartRateBpm } = sensors[0]!.sample()!;
		const message = { device_id: 'ESP32_001', timestamp: clock.time, temperature: temperatureCelsius };
		const text = JSON.stringify({ ...message, humidity: 0, heart_rate: heartRateBpm, spo2: 0, battery_level: 100 });
		const data = new TextEncoder().encode(text);
		if (room < data.byteLength) return;
		client!.write(data, { operation: 3, QoS: 0, topic: 'fajma/esp32/data', byteLength: data.byteLength } as never);
		sleep.set(5_000);
	};
	link.onChanged = () => {
		const part = mqtt({} as never);
		let sent = false;
		const quiet = (): void => {};
		const once = (room: number): void => {
			if (!sent) send(room);
			sent = true;
		};
		const login = { host: 'broker.example', port: 8883, id: 'ESP32_001', clean: true, keepAlive: 60_000 };
		const events = { onReadable: quiet, onControl: quiet, onWritable: once, onError: quiet };
		client = new part.io({ ...part, ...login, ...events } as never);
	};
	const report = () => ({ journaled: 0 }) as never;
	return { start: () => link.open(), stopSampling() {}, report, close() {} };
};

interface Life {
	readonly tally: Tally;
	readonly rows: number;
	readonly taken: number;
	readonly writes: number;
	readonly erases: number;
	readonly bytesWritten: number;
	readonly seconds: number;
}

function live(days: number, engine: Engine, joinTimes: JoinTimes, settings: Readonly<Record<string, unknown>>): Life {
	const tally: Tally = { boots: 0, awake: 0, joins: 0, searches: 0, up: 0, sent: 0, received: 0 };
	const began = performance.now();
	const world = makeWorld({ engine: metered(tally, engine) });
	const resident = world.addBoard('ESP32_001', { settings, blocks: BLOCKS, joinTimes, link: { latency: 5 } });
	const { flash, line } = resident;
	countBytes(line, tally);
	resident.powerOn();
	const before = [flash.writes, flash.erases, flash.bytesWritten] as const;
	// The delivery that is due at the end is let through.
	world.time.advance(days * DAY + 2_000);
	const rows = world.rows();
	world.close();
	const [writes, erases, bytesWritten] = before;
	return {
		tally,
		rows,
		taken: resident.taken(),
		writes: flash.writes - writes,
		erases: flash.erases - erases,
		bytesWritten: flash.bytesWritten - bytesWritten,
		seconds: (performance.now() - began) / 1000,
	};
}

/** What one sample-only waking and one with a delivery compute, on XS. */
function computrons(): { sampling: number; delivering: number; arena: number } {
	const engine = xsEngine();
	const world = makeWorld({ engine });
	const { powerOn } = world.addBoard('ESP32_001', { settings: SLEEPY, blocks: BLOCKS });
	powerOn();
	world.time.advance(13 * 60_000 + 30_000);
	const all = engine.machines.map(({ statistics }) => statistics!);
	engine.close();
	world.close();
	return {
		sampling: all[2]!.totalComputrons,
		delivering: all[EVERY]!.totalComputrons,
		arena: Math.max(...all.map(({ arenaPeak }) => arenaPeak)),
	};
}

/** Blows in the middle of wakings on XS, until there were `count`. */
async function sleepBlows(count: number): Promise<Blows> {
	const total = { cuts: 0, resets: 0, readings: 0, lost: 0, boots: 0 };
	for (let seed = 1_000; total.cuts + total.resets < count; seed++) {
		const engine: XsEngine = xsEngine();
		const world = makeWorld({ seed, engine });
		const resident = world.addBoard('ESP32_001', { blocks: 6, settings: { ...SLEEPY, deliverEvery: 2 } });
		const done = dealBlows(world, resident, Math.min(25, count - total.cuts - total.resets), seed);
		for (const key of Object.keys(total) as (keyof Blows)[]) total[key] += done[key];
		engine.close();
		world.close();
		// Node buries its dead processes in turns of its loop only.
		await new Promise((resolve) => setTimeout(resolve, 10));
	}
	return total;
}

/** A month of sleep at one reading a minute, against the guide's own loop. */
export async function sleepBench(): Promise<Table> {
	const joinTimes = { first: MODEL.joinDhcp.milliseconds, again: MODEL.join.milliseconds };
	const ours = live(DAYS, nodeEngine, joinTimes, { ...SLEEPY, deliverEvery: EVERY });
	// The guide's remembers nothing.
	const theirs = live(1, guide, { first: joinTimes.first, again: joinTimes.first }, {});
	const cpu = computrons();

	const { tally, taken } = ours;
	const fixed = tally.boots * MODEL.boot.charge + (tally.up / 1000) * MODEL.traffic;
	const known = tally.joins - tally.searches;
	const searched = tally.searches * MODEL.joinDhcp.charge;
	const chargeOf = (join: number): number => (fixed + searched + known * join) / taken;
	const charge = chargeOf(MODEL.join.charge);
	/** The join that 12 mC a reading leave room for. */
	const joinCharge = (12 * taken - fixed - searched) / known;
	const joinTime = (joinCharge / MODEL.join.charge) * MODEL.join.milliseconds;
	const awake = tally.awake + tally.boots * MODEL.boot.milliseconds;
	const radio = known * MODEL.join.milliseconds + tally.searches * MODEL.joinDhcp.milliseconds + tally.up;

	const guideTally = theirs.tally;
	const guideBusy = guideTally.joins * 0.04;
	const guideCharge =
		guideTally.boots * MODEL.boot.charge +
		guideTally.joins * MODEL.joinDhcp.charge +
		guideBusy * MODEL.traffic +
		(guideTally.up / 1000 - guideBusy) * MODEL.idle;
	const guideAwake = guideTally.awake + guideTally.boots * MODEL.boot.milliseconds;
	const guideRadio = guideTally.joins * MODEL.joinDhcp.milliseconds + guideTally.up;
	const perReading = (value: number, life: Life): number => value / life.rows;
	const perDay = DAY / (1000 * taken) / (1 / DAYS);

	return {
		title: `${DAYS} days of deep sleep, a reading each minute, a delivery each ${EVERY}`,
		rows: [
			[
				'readings taken, and rows at the server',
				`${number(taken)}, ${number(ours.rows)}`,
				`${number(ours.seconds)} s here`,
			],
			['wakings, and connections', `${number(tally.boots)}, ${number(tally.joins)}`, `${tally.searches} with a search`],
			['awake a reading', `${number(awake / taken, 1)} ms`, `the guide: ${number(perReading(guideAwake, theirs))} ms`],
			[
				'radio on a reading',
				`${number(radio / taken, 1)} ms`,
				`the guide: ${number(perReading(guideRadio, theirs))} ms`,
			],
			['radio on a day', `${number(radio / DAYS / 1000, 1)} s`, `the guide: ${number(guideRadio / 1000)} s`],
			[
				'from the link to sleep, a connection',
				`${number(tally.up / tally.joins, 1)} ms`,
				'round trips of 10 ms; DNS, TCP, MQTT, receipts, 20 ms good-bye',
			],
			[
				'bytes a reading, out and in',
				`${number(tally.sent / taken)}, ${number(tally.received / taken)}`,
				`above TCP, no TLS; the guide: ${number(perReading(guideTally.sent, theirs))}, ${number(perReading(guideTally.received, theirs))}`,
			],
			['flash programs a reading', number(ours.writes / taken, 2), `${number(ours.bytesWritten / taken, 1)} bytes`],
			['flash erases a day', number(ours.erases / DAYS, 1), `of ${BLOCKS} blocks`],
			[
				'charge a reading, awake',
				`${number(charge, 2)} mC`,
				`aim: 12; the guide: ${number(perReading(guideCharge, theirs), 1)}`,
			],
			[
				'charge a day, awake',
				`${number((charge * taken) / DAYS / 3600, 2)} mAh`,
				`the guide: ${number(guideCharge / 3600, 1)}`,
			],
			[
				'the join that 12 mC leave room for',
				`${number(joinTime)} ms`,
				'the model’s 664 ms look for the access point; a join that remembers it was not measured there',
			],
			[
				'charge a reading, if naming the access point saves as much as elsewhere',
				`${number(chargeOf(MODEL.join.charge * NAMED.open), 1)} mC open, ${number(chargeOf(NAMED.wpa2), 1)} mC WPA2`,
				'tve/blog, ESP-IDF 3.2; a board must show it',
			],
			...pulseCharge(charge),
			['charge asleep, beside it', `${number(perDay * MODEL.asleep, 2)} mC a reading`, '10 µA, data sheet'],
			[
				'model: boot',
				`${MODEL.boot.milliseconds} ms, ${MODEL.boot.charge} mC`,
				'glenn20/upy-esp32-experiments, measured; no TLS',
			],
			[
				'model: join at a known address',
				`${MODEL.join.milliseconds} ms, ${number(MODEL.join.charge, 1)} mC`,
				'the same',
			],
			[
				'model: join with DHCP, the guide’s',
				`${number(MODEL.joinDhcp.milliseconds)} ms, ${number(MODEL.joinDhcp.charge, 1)} mC`,
				'the same',
			],
			['model: link up and busy', `${number(MODEL.traffic)} mA`, `the same; the guide’s 5 s at ${MODEL.idle} mA`],
			[
				'computrons of a waking, on XS',
				number(cpu.sampling),
				`with a delivery of ${EVERY}: ${number(cpu.delivering)}; not in the charge`,
			],
			['arena taken at most', `${number(cpu.arena)} B`, 'aim: 48 KB'],
		],
	};
}

/** A thousand power cuts, brown-outs and crashes in the middle of wakings, with the firmware on XS. */
export async function sleepBlowsBench(count = BLOWS): Promise<Table> {
	const began = performance.now();
	const { cuts, resets, readings, lost, boots } = await sleepBlows(count);
	const seconds = (performance.now() - began) / 1000;
	return {
		title: 'Blows in the middle of wakings, the firmware on XS',
		rows: [
			['power cuts, in a flash operation or a delivery', number(cuts)],
			['brown-outs and crashes in a delivery', number(resets), 'RTC memory spoilt now and then'],
			['readings taken', number(readings)],
			['readings lost', number(lost), 'aim: 0'],
			['boots', number(boots), `${number(seconds)} s here`],
		],
	};
}
