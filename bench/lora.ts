import { loadCodec } from '../hosts/server/lorawan/codec';
import { airtime, FRAME_OVERHEAD } from '../hosts/simulator/radio/airtime';
import { eu868, us915 } from '../hosts/simulator/radio/regions';
import { seededRandom32 } from '../hosts/simulator/random';
import { ALERT_BYTE_LENGTH, READING_BYTE_LENGTH, REPLY_BYTE_LENGTH, SHORT_BYTE_LENGTH } from '../modules/lora/payload';
import { readingId, readingMessage } from '../src/messages/reading';
import type { Table } from './table';

const DAY = 86_400_000;
/** The Things Network's fair use: airtime of a device's uplinks a day. */
const FAIR_USE = 30_000;
const DUTY = 0.01;
const CASES = 1_000_000;

const format = (value: number, digits = 0): string =>
	new Intl.NumberFormat('en', { minimumFractionDigits: digits, maximumFractionDigits: digits }).format(value);

/** What the codec makes of a million payloads of random bytes and lengths, on every port. */
function hostile(): { values: number; errors: number; wrong: number; seconds: number } {
	const codec = loadCodec();
	const random32 = seededRandom32(5);
	const said = { values: 0, errors: 0, wrong: 0, seconds: 0 };
	const began = performance.now();
	const lengths = [SHORT_BYTE_LENGTH, READING_BYTE_LENGTH, ALERT_BYTE_LENGTH, REPLY_BYTE_LENGTH];
	for (let at = 0; at < CASES; at++) {
		// Half of them of the right length: past the first check.
		const length = at % 2 === 0 ? lengths[random32() % 4]! : random32() % 256;
		const bytes = Array.from({ length }, () => random32() >>> 24);
		if (at % 8 === 0 && length > 8) bytes[8] = 0x10;
		const { data, errors } = codec.decodeUplink({
			bytes,
			fPort: at % 64 === 0 ? random32() % 256 : 1 + (random32() % 4),
		});
		if (data && !errors) said.values++;
		else if (!data && errors && /^\S+: ./.test(errors[0]!)) said.errors++;
		else said.wrong++;
	}
	said.seconds = (performance.now() - began) / 1000;
	return said;
}

/** Airtime of a reading by data rate, and how many of them a day has room for. */
export async function loraBench(): Promise<Table> {
	const reading = {
		stamp: { epochMilliseconds: 1_767_225_600_000 },
		centiCelsius: 3661,
		humidityBasisPoints: 4120,
		heartRateBpm: 72,
		spo2PerMille: 975,
		batteryPercent: 88,
		latitudeTenMicrodegrees: 1_469_370,
		longitudeTenMicrodegrees: -1_744_410,
	};
	const json = Buffer.byteLength(
		readingMessage('ESP32_001', reading.stamp.epochMilliseconds, reading, readingId(0x5f1c_09aa, 1042)),
	);
	const rows: (readonly [string, string, string?])[] = [];
	for (const region of [eu868, us915])
		for (const [dataRate, room] of region.room.entries()) {
			const rate = region.dataRates[dataRate]!;
			const frames = Math.ceil(json / room);
			const whole = airtime(rate, FRAME_OVERHEAD + READING_BYTE_LENGTH);
			const short = airtime(rate, FRAME_OVERHEAD + SHORT_BYTE_LENGTH);
			// As many whole frames as are needed, and what is left in the last.
			const text =
				(frames - 1) * airtime(rate, FRAME_OVERHEAD + room) +
				airtime(rate, FRAME_OVERHEAD + json - (frames - 1) * room);
			const isShort = room < READING_BYTE_LENGTH;
			const own = isShort ? short : whole;
			const duty = region === eu868 ? `${format((DUTY * DAY) / own)} readings a day at 1 %, ` : '';
			rows.push([
				`${region.name} DR${dataRate} (SF${rate.spreadingFactor}, ${rate.bandwidth / 1000} kHz)`,
				`${isShort ? `no room for port 2; port 1 ${format(short, 1)}` : `port 2 ${format(whole, 1)}; the guide's 8 bytes ${format(short, 1)}`}; JSON ${format(text, 1)} ms in ${frames}`,
				`${duty}${format(FAIR_USE / own)} in 30 s a day`,
			]);
		}
	const { values, errors, wrong, seconds } = hostile();
	rows.push([
		'a million payloads of random bytes',
		`${format(values)} gave values, ${format(errors)} a clear error, ${format(wrong)} anything else`,
		`${format(CASES / seconds)} a second`,
	]);
	return { title: `LoRaWAN: airtime of a reading (27 bytes packed, ${json} as JSON)`, rows };
}
