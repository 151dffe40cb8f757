import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BUS_FAULTS, VirtualBus } from '../../../hosts/simulator/bus/i2c';
import { Max3010xModel } from '../../../hosts/simulator/bus/max3010x';
import { Mlx90614Model } from '../../../hosts/simulator/bus/mlx90614';
import { sentence } from '../../../hosts/simulator/bus/receiver';
import { VirtualUart } from '../../../hosts/simulator/bus/serial';
import { ShtModel } from '../../../hosts/simulator/bus/sht';
import { Fault } from '../../../modules/fault';
import { Gps } from '../../../modules/gps/gps';
import { Max3010x } from '../../../modules/max3010x/max3010x';
import { Mlx90614 } from '../../../modules/mlx90614/mlx90614';
import { crc8 } from '../../../modules/sensor/crc8';
import { Sht } from '../../../modules/sht/sht';
import { Bench } from './cases/bench';

const gpsOn = (bench: Bench) => {
	const uart = new VirtualUart(bench);
	return { uart, gps: new Gps({ sensor: { io: uart.Serial as never }, clock: bench }) };
};
const bytesOf = (text: string): number[] => [...text].map((character) => character.charCodeAt(0));

describe('what always holds', () => {
	test('a CRC-8 finds any one or two bits that changed in a word and its check', () => {
		const bit = fc.integer({ min: 0, max: 23 });
		fc.assert(
			fc.property(fc.uint8Array({ minLength: 2, maxLength: 2 }), bit, bit, (word, one, two) => {
				const bytes = new Uint8Array([...word, crc8(word, 0x31, 0xff)]);
				for (const at of new Set([one, two])) bytes[at >> 3] = bytes[at >> 3]! ^ (1 << (at & 7));
				expect(crc8(bytes, 0x31, 0xff, 0, 2)).not.toBe(bytes[2]);
			}),
		);
	});

	test('any air and any skin is measured to the step of its part', () => {
		const celsius = fc.double({ min: -40, max: 120, noNaN: true });
		const percent = fc.double({ min: 0, max: 100, noNaN: true });
		fc.assert(
			fc.property(celsius, percent, fc.constantFrom('sht3x', 'sht4x'), (temperatureCelsius, humidityPercent, part) => {
				const bench = new Bench();
				const bus = new VirtualBus([
					new ShtModel({
						now: () => bench.now,
						air: () => ({ temperatureCelsius, humidityPercent }),
						family: part as 'sht3x',
					}),
					new Mlx90614Model({ now: () => bench.now, ambient: () => 20, object: () => temperatureCelsius }),
				]);
				const sht = new Sht({ sensor: { io: bus.I2C as never }, part: part as 'sht3x' });
				bench.advance(sht.measure());
				const sample = sht.sample();
				expect(Math.abs(sample.temperatureCelsius! - temperatureCelsius)).toBeLessThan(0.002);
				expect(Math.abs(sample.humidityPercent! - humidityPercent)).toBeLessThan(0.0015);
				const mlx = new Mlx90614({ sensor: { io: bus.SMBus as never } });
				expect(Math.abs(mlx.sample().objectCelsius! - temperatureCelsius)).toBeLessThan(0.0101);
				expect(bus.violations).toEqual([]);
			}),
			{ numRuns: 300 },
		);
	});

	test('any place on earth comes through a receiver’s sentences, however they are cut into pieces', () => {
		const place = fc.record({
			latitude: fc.double({ min: -90, max: 90, noNaN: true }),
			longitude: fc.double({ min: -180, max: 180, noNaN: true }),
		});
		const angle = (degrees: number, digits: number): string => {
			const all = Math.round(Math.abs(degrees) * 6e6);
			return `${String(Math.floor(all / 6e6)).padStart(digits, '0')}${((all % 6e6) / 1e5).toFixed(5).padStart(8, '0')}`;
		};
		fc.assert(
			fc.property(place, fc.array(fc.integer({ min: 1, max: 90 }), { minLength: 1 }), (at, cuts) => {
				const bench = new Bench();
				const { uart, gps } = gpsOn(bench);
				const { latitude, longitude } = at;
				const where = `${angle(latitude, 2)},${latitude < 0 ? 'S' : 'N'},${angle(longitude, 3)},${longitude < 0 ? 'W' : 'E'}`;
				const text = sentence(`GPGGA,1,${where},1,08,1.1,,,,,,`);
				for (let from = 0, cut = 0; from < text.length; cut++) {
					const to = from + cuts[cut % cuts.length]!;
					uart.receive(bytesOf(text.slice(from, to)));
					bench.advance(1);
					from = to;
				}
				const sample = gps.sample()!;
				expect(Math.abs(sample.latitudeDegrees! - latitude)).toBeLessThan(1e-6);
				expect(Math.abs(sample.longitudeDegrees! - longitude)).toBeLessThan(1e-6);
			}),
		);
	});

	test('no bytes at all make a receiver throw, or stand where nobody can', () => {
		const noise = fc.oneof(
			fc.uint8Array({ maxLength: 200 }),
			fc.string({ maxLength: 100 }).map((text) => new Uint8Array(bytesOf(sentence(text)).map((byte) => byte & 0xff))),
			fc
				.array(fc.constantFrom('', '1', 'N', 'W', '1441.622', '01726.646', '.', '9999999', '-1', 'A'), {
					maxLength: 26,
				})
				.map((fields) => new Uint8Array(bytesOf(sentence(`GPGGA,${fields.join(',')}`)))),
		);
		fc.assert(
			fc.property(fc.array(noise, { maxLength: 8 }), (pieces) => {
				const bench = new Bench();
				const { uart, gps } = gpsOn(bench);
				for (const piece of pieces) {
					for (let at = 0; at < piece.length; at += 100) {
						uart.receive(piece.subarray(at, at + 100));
						bench.advance(1);
					}
					const sample = gps.sample();
					if (!sample) continue;
					expect(Math.abs(sample.latitudeDegrees!)).toBeLessThanOrEqual(90);
					expect(Math.abs(sample.longitudeDegrees!)).toBeLessThanOrEqual(180);
				}
			}),
			{ numRuns: 300 },
		);
	});

	test('a pulse sensor on any bad bus: only Faults, and every sample once and in order unless it said otherwise', () => {
		// What is misheard without a trace (a bit, ones, a reset between two words) is held elsewhere.
		const kind = fc.constantFrom(...BUS_FAULTS.filter((each) => !['flip', 'ones', 'power'].includes(each)));
		const turn = fc.record({ wait: fc.integer({ min: 0, max: 900 }), kind: fc.option(kind, { freq: 2 }) });
		fc.assert(
			fc.property(fc.array(turn, { minLength: 1, maxLength: 60 }), (turns) => {
				const bench = new Bench();
				const look = (seconds: number) => ({ red: (Math.round(seconds * 50) + 0.5) / 64, infrared: 0, green: 0 });
				const model = new Max3010xModel({ scheduler: bench, light: { look } });
				const bus = new VirtualBus([model]);
				const driver = new Max3010x({ sensor: { io: bus.SMBus as never } });
				bench.advance(2);
				driver.configure({
					redMilliamperes: 6,
					infraredMilliamperes: 6,
					sampleRate: 50,
					average: 1,
					pulseWidth: 411,
					range: 4096,
				});
				let last = 0;
				for (const { wait, kind: bad } of turns) {
					bench.advance(wait);
					let asked = 0;
					// The first word is heard, the second is not: the FIFO is left in the middle.
					bus.fault = () => (asked++ === wait % 4 ? (bad ?? undefined) : undefined);
					try {
						const light = driver.sample();
						for (let at = 0; at < (light?.count ?? 0); at++) {
							const red = light!.red[at]!;
							if (light!.lost === 0) expect(red).toBe(last + 1);
							else expect(red).toBeGreaterThan(last);
							last = red;
						}
					} catch (thrown) {
						expect(thrown).toBeInstanceOf(Fault);
						expect((thrown as Fault).code).toBe('sensor');
					}
				}
				expect(bus.violations).toEqual([]);
			}),
			{ numRuns: 300 },
		);
	});
});
