import { Fault } from '../../../modules/fault';
import type { WakeCause } from '../../../modules/ports';
import { Device } from '../../../src/device';
import type { Host } from '../../../src/host';
import { makeSettings } from '../../../src/settings';
import { makeRoutes } from '../../routes';
import { allDrivers as drivers } from '../../sensors/all';
import { makeSensors } from '../../sensors/plan';
import { wireBuses } from './bus';
import { httpPart } from './http';
import { mqttPart } from './mqtt';
import { Call, Handle, Operation } from './operations';
import {
	facts,
	LiveWireSensor,
	linkKeepsake,
	log,
	random32,
	setLogLevel,
	store,
	WireClock,
	WireFlash,
	WireLink,
	WirePower,
	WireSensor,
} from './ports';
import { webSocketPart } from './websocket';
import { request, Wire } from './wire';

/**
 * Makes this machine a device that does as it is told: boot, start, stop, report, close. It answers each with text: "=" and
 * JSON, or what it refuses with: "!", a fault's code, a space and its message.
 */
export function start(): void {
	const wire = new Wire();
	let device: Device | undefined;
	const obey = (call: number): unknown => {
		if (call === Call.BOOT) {
			device = boot(wire);
			return undefined;
		}
		if (!device) throw new Fault('misuse', 'the device was not booted');
		if (call === Call.START) return device.start();
		if (call === Call.STOP_SAMPLING) return device.stopSampling();
		if (call === Call.CLOSE) return device.close();
		return device.report();
	};
	wire.attachFunction((call: number) => {
		try {
			return `=${JSON.stringify(obey(call))}`;
		} catch (thrown) {
			const { code, message } = Fault.from(thrown, 'misuse');
			return `!${code} ${message}`;
		}
	}, Handle.DEVICE);
}

type Facts = readonly [
	settings: string | undefined,
	cause: WakeCause,
	flashSize: number,
	flashBlockLength: number,
	clocks: number,
	/** A bit for each sensor, the first the lowest: it measures all the time. */
	live: number,
	/** JSON of the parts on its buses, or nothing: then the sensors are the world's. */
	wiring: string | undefined,
	...sensors: string[],
];

function boot(wire: Wire): Device {
	const [settings, cause, size, blockLength, clocks, live, wiring, ...sensors] = request(Operation.BOOT) as Facts;
	const clock = new WireClock(wire, 0);
	const networkClock = clocks === 1 ? clock : new WireClock(wire, 1);
	const clients = { mqtt: () => mqttPart(wire), http: () => httpPart(wire), webSocket: () => webSocketPart(wire) };
	const host: Host = {
		clock,
		networkClock,
		power: new WirePower(cause),
		store,
		journal: new WireFlash(size, blockLength),
		sensors:
			wiring === undefined
				? sensors.map((name, index) =>
						(live & (1 << index)) !== 0 ? new LiveWireSensor(name, index) : new WireSensor(name, index),
					)
				: makeSensors({ clock, drivers, parts: JSON.parse(wiring), buses: wireBuses(wire) }),
		link: new WireLink(wire),
		keepsakes: [linkKeepsake],
		routes: (known, will) =>
			makeRoutes({ settings: known, will, clock: networkClock, time: clock, random32, log, ...clients }),
		random32,
		log,
		setLogLevel,
		facts,
		settings: settings === undefined ? undefined : JSON.parse(settings),
	};
	return new Device(host, makeSettings(host.settings));
}
