import { GpsReceiver, sentence } from '../../../../hosts/simulator/bus/receiver';
import { VirtualUart } from '../../../../hosts/simulator/bus/serial';
import { Gps } from '../../../../modules/gps/gps';
import { Bench, type Case, equal, faults, holds, near } from './bench';

function parts(options: { validity?: number } = {}) {
	const bench = new Bench();
	const uart = new VirtualUart(bench);
	const gps = new Gps({ sensor: { io: uart.Serial as never }, clock: bench, ...options });
	const say = (text: string): void => {
		for (let at = 0; at < text.length; at += 50) {
			uart.receive([...text.slice(at, at + 50)].map((character) => character.charCodeAt(0)));
			bench.advance(1);
		}
	};
	return { bench, uart, gps, say };
}

const DAKAR = 'GPGGA,120000.00,1441.62200,N,01726.64600,W,1,08,1.1,25.3,M,32.1,M,,';

export const cases: readonly Case[] = [
	{
		name: 'gps: a place from GGA, and none before the first',
		run() {
			const { gps, say } = parts();
			equal(gps.sample(), undefined);
			equal(gps.missing.latitudeDegrees, 'no fix');
			gps.start();
			equal(gps.ready, false);
			say(sentence(DAKAR));
			near(gps.sample()?.latitudeDegrees, 14.6937, 1e-9);
			near(gps.sample()?.longitudeDegrees, -(17 + 26.646 / 60), 1e-9);
			equal({ ...gps.missing }, {});
			equal(gps.ready, true);
		},
	},
	{
		name: 'gps: any talker; southern and eastern half',
		run() {
			for (const talker of ['GP', 'GN', 'GL', 'GA', 'GB', 'BD', 'QZ']) {
				const { gps, say } = parts();
				say(sentence(`${talker}GGA,1,3351.6000,S,15112.6000,E,2,10,0.8,,,,,,`));
				near(gps.sample()?.latitudeDegrees, -33.86, 1e-9);
				near(gps.sample()?.longitudeDegrees, 151.21, 1e-9);
			}
		},
	},
	{
		name: 'gps: a place that is old is none',
		run() {
			const { bench, gps, say } = parts();
			say(sentence(DAKAR));
			bench.advance(9_900);
			holds(gps.sample() !== undefined, 'still');
			bench.advance(200);
			equal(gps.sample(), undefined);
			bench.advance(10_000);
			faults(() => gps.sample(), 'timeout', 'no sentence for 2');
			equal(gps.missing.longitudeDegrees, 'no receiver');
		},
	},
	{
		name: 'gps: what was estimated, typed in or simulated, and what is too vague, is no place',
		run() {
			for (const [quality, dilution, missing] of [
				['0', '1.0', 'no fix'],
				['6', '1.0', 'no fix'],
				['7', '1.0', 'no fix'],
				['8', '1.0', 'no fix'],
				['', '1.0', 'no fix'],
				['x', '1.0', 'no fix'],
				['1', '10.1', 'too few satellites in sight'],
				['1', '', 'too few satellites in sight'],
			] as const) {
				const { gps, say } = parts();
				say(sentence(`GPGGA,1,1441.622,N,01726.646,W,${quality},08,${dilution},,,,,,`));
				equal(gps.sample(), undefined, `${quality} ${dilution}`);
				equal(gps.missing.latitudeDegrees, missing);
			}
		},
	},
	{
		name: 'gps: RMC warns of the place of its own moment, before it or after',
		run() {
			const warning = sentence('GPRMC,120000.00,V,1441.622,N,01726.646,W,,,010126,,,N');
			for (const order of [
				[warning, sentence(DAKAR)],
				[sentence(DAKAR), warning],
			]) {
				const { gps, say } = parts();
				for (const text of order) say(text);
				equal(gps.sample(), undefined);
				say(sentence(DAKAR.replace('120000', '120001')));
				holds(gps.sample() !== undefined, 'the next second');
			}
		},
	},
	{
		name: 'gps: no angle that cannot be',
		run() {
			for (const place of [
				'9100.000,N,01726.646,W',
				'1460.000,N,01726.646,W',
				'1441.622,N,18100.000,W',
				'1441.622,X,01726.646,W',
				'1441.622,,01726.646,W',
				'-441.622,N,01726.646,W',
				'1441.6.2,N,01726.646,W',
				'14,N,01726.646,W',
				',N,01726.646,W',
				'1441.622,N,1e5,W',
				'14.1622,N,01726.646,W',
			]) {
				const { gps, say } = parts();
				say(sentence(`GPGGA,1,${place},1,08,1.1,,,,,,`));
				equal(gps.sample(), undefined, place);
			}
		},
	},
	{
		name: 'gps: each byte of a sentence lost, doubled or changed: no other place comes of it',
		run() {
			const whole = sentence(DAKAR);
			for (let at = 0; at < whole.length - 2; at++)
				for (const spoilt of [
					whole.slice(0, at) + whole.slice(at + 1),
					whole.slice(0, at + 1) + whole.slice(at),
					`${whole.slice(0, at)}7${whole.slice(at + 1)}`,
					`${whole.slice(0, at)}$${whole.slice(at + 1)}`,
					`${whole.slice(0, at)}\u0000${whole.slice(at + 1)}`,
				]) {
					if (spoilt.startsWith(whole.slice(0, -2))) continue;
					const { gps, say } = parts();
					say(spoilt);
					const sample = gps.sample();
					// The exclusive or does not see a byte that was there twice, next to itself, as long as it is zero in sum.
					if (sample?.latitudeDegrees !== undefined) near(sample.latitudeDegrees, 14.6937, 1e-9, spoilt);
					say(whole);
					holds(gps.sample() !== undefined, 'the next is heard');
				}
		},
	},
	{
		name: 'gps: lines that never end, binary and the empty line',
		run() {
			const { gps, say, bench } = parts();
			say('$'.repeat(300));
			say(`$${'G'.repeat(5_000)}`);
			say(Array.from({ length: 600 }, (_, index) => String.fromCharCode(index & 0xff)).join(''));
			say('\r\n\r\n$\r\n$*\r\n$*00\r\n$,,,,*00\r\n');
			say(sentence(`GPGGA${','.repeat(60)}`));
			equal(gps.sample(), undefined);
			equal(gps.sentences.good, 0);
			bench.advance(20_000);
			faults(() => gps.sample(), 'timeout', 'no sentence');
			equal(gps.missing.latitudeDegrees, 'nothing but garbled sentences');
			say(sentence(DAKAR));
			holds(gps.sample() !== undefined, 'it is heard again');
		},
	},
	{
		name: 'gps: a receiver, from its power to its fix and under a roof',
		run() {
			const { bench, uart, gps } = parts();
			let place: { latitude: number; longitude: number } | undefined = { latitude: 14.6937, longitude: -17.4441 };
			const receiver = new GpsReceiver({ scheduler: bench, uart, place: () => place, firstFix: 30_000 });
			bench.advance(29_000);
			equal(gps.sample(), undefined);
			bench.advance(3_000);
			near(gps.sample()?.latitudeDegrees, 14.6937, 1e-6);
			near(gps.sample()?.longitudeDegrees, -17.4441, 1e-6);
			place = undefined;
			bench.advance(12_000);
			equal(gps.sample(), undefined);
			equal(gps.missing.latitudeDegrees, 'no fix');
			receiver.off();
			equal([uart.lost, gps.sentences.bad], [0, 0]);
		},
	},
	{
		name: 'gps: a port that does not open is tried again, later each time; one that breaks is opened anew',
		run() {
			const bench = new Bench();
			const uart = new VirtualUart(bench);
			uart.openFails = 3;
			const gps = new Gps({ sensor: { io: uart.Serial as never }, clock: bench });
			faults(() => gps.sample(), 'sensor', 'uart failed');
			equal(gps.ready, true, 'nothing to wait for');
			equal(gps.missing.latitudeDegrees, 'no receiver');
			bench.advance(6_999);
			equal(uart.isOpen, false);
			bench.advance(1);
			equal(uart.isOpen, true);
			new GpsReceiver({ scheduler: bench, uart, place: () => ({ latitude: 1, longitude: 2 }) });
			bench.advance(2_000);
			uart.readFails = 1;
			bench.advance(5_000);
			near(gps.sample()?.latitudeDegrees, 1, 1e-6);
			gps.close();
			gps.close();
			equal(uart.isOpen, false);
			bench.advance(5_000);
			faults(() => gps.sample(), 'misuse', 'closed');
		},
	},
];
