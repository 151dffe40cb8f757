import { loadCodec } from '../../hosts/server/lorawan/codec';
import { namedScenarios, parseScenario } from '../../hosts/simulator/scenarios/scenario';
import { Fault } from '../../modules/fault';
import { commandMessage } from '../../modules/lora/command';
import { parseJson } from '../../modules/text/json';
import { decode } from '../../modules/text/utf8';
import { packAlert, unpackAlert } from '../../src/alerts/record';
import { packReading, unpackReading } from '../../src/sensing/reading';
import { command, Machine, NOON } from '../../test/src/commands/harness';
import { type End, must, type Target } from './target';

/** Runs `read`, which may refuse by a Fault of these codes. */
function reading(codes: readonly string[], read: () => void): End {
	try {
		read();
		return 'taken';
	} catch (thrown) {
		must(thrown instanceof Fault && codes.includes(thrown.code), () => String((thrown as Error).stack));
		return 'refused';
	}
}

const commands = [
	command('c1', 'set_interval', { seconds: 7 }),
	command('c1', 'set_thresholds', { spo2: { low: 88, hysteresis: 1 } }, { expires: NOON + 1_000 }),
	command('c1', 'sleep', { seconds: 7 }, { device_id: 'ESP32_001', type: 'command' }),
	command('c1', 'set_mode', { mode: 'sleep' }),
	command('c1', 'flush'),
].map((each) => Buffer.from(JSON.stringify(each)));

const desk: Target = {
	name: 'the desk of commands, whole',
	cases: 60_000,
	make: () => {
		let machine = new Machine();
		return {
			run: (material) => {
				if (machine.recorded.size > 0) machine = new Machine();
				machine.sendBytes(new Uint8Array(material.json(commands)).buffer);
				// To the end of a sleep, however long, and a little more.
				machine.pass(10_000);
				machine.pass(10_000);
				const replies = machine.deliverAll();
				// What was written down ends once; what was not is no result.
				must(replies.map(({ command_id }) => command_id).join() === [...machine.recorded].join(), () =>
					JSON.stringify(replies),
				);
				must(!machine.log.some((line) => line.startsWith('error')), () => machine.log.join('\n'));
				machine.log.length = 0;
				const { dataIntervalSeconds } = machine.changes.settings;
				must(dataIntervalSeconds >= 1 && dataIntervalSeconds <= 86_400, () => String(dataIntervalSeconds));
				return machine.recorded.size > 0 ? 'taken' : 'refused';
			},
		};
	},
};

const json: Target = {
	name: 'the device’s JSON',
	cases: 100_000,
	make: () => ({
		run: (material) => {
			const text = material.json(commands).toString('latin1');
			return reading(['malformed', 'range'], () => {
				parseJson(text, { depth: 5, values: 100 });
				// Whatever it takes is JSON.
				JSON.parse(text);
			});
		},
	}),
};

const nothing = {
	humidityBasisPoints: undefined,
	spo2PerMille: undefined,
	batteryPercent: undefined,
	latitudeTenMicrodegrees: undefined,
	longitudeTenMicrodegrees: undefined,
};

const records: Target = {
	name: 'records of readings and alerts out of flash',
	cases: 100_000,
	make: () => {
		const alert = Buffer.alloc(13);
		packAlert({ stamp: { epochMilliseconds: NOON }, kind: 65, value: 12, threshold: 15 }, alert);
		const packed = Buffer.alloc(19);
		packReading({ ...nothing, stamp: { epochMilliseconds: NOON }, centiCelsius: 3_661, heartRateBpm: 72 }, packed);
		return {
			run: (material) =>
				reading(['malformed'], () => {
					// The journal gives whole records only; their lengths are fixed.
					const bytes = Buffer.concat([material.bytes([alert, packed]), Buffer.alloc(19)]);
					if (material.below(2) === 0) unpackAlert(bytes.subarray(0, 13));
					else unpackReading(bytes.subarray(0, 19));
				}),
		};
	},
};

const downlinks: Target = {
	name: 'LoRaWAN: downlinks',
	cases: 100_000,
	make: () => {
		const codec = loadCodec();
		const good = commands.flatMap((each) => {
			const { bytes } = codec.encodeDownlink({ data: JSON.parse(each.toString()) });
			return bytes ? [Buffer.from(bytes)] : [];
		});
		must(good.length > 3, () => 'no good downlinks');
		return {
			run: (material) =>
				reading(['malformed'], () => {
					const text = decode(commandMessage(new Uint8Array(material.bytes(good)).buffer));
					must(typeof JSON.parse(text).command === 'string', () => text);
				}),
		};
	},
};

const scenarios: Target = {
	name: 'files of scenarios',
	cases: 40_000,
	make: () => {
		const good = namedScenarios().map((scenario) => Buffer.from(JSON.stringify(scenario)));
		return {
			run: (material) => {
				try {
					parseScenario(material.json(good).toString());
					return 'taken';
				} catch (thrown) {
					must(
						thrown instanceof Error && !(thrown instanceof TypeError || thrown instanceof RangeError),
						() => `${thrown}`,
					);
					return 'refused';
				}
			},
		};
	},
};

/** What the firmware and its simulator read. */
export const device: readonly Target[] = [desk, json, records, downlinks, scenarios];
