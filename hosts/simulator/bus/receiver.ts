import type { Scheduler } from '../net/scheduler';
import type { VirtualUart } from './serial';

export interface ReceiverOptions {
	readonly scheduler: Scheduler;
	readonly uart: VirtualUart;
	/** Degrees north and east; undefined: it sees too few satellites. */
	readonly place: () => { readonly latitude: number; readonly longitude: number } | undefined;
	readonly dilution?: () => number;
	/** Milliseconds from power to the first fix. */
	readonly firstFix?: number;
}

/** Bytes that go over the wire at once, and how long those take at 9,600 bit/s. */
const PIECE = 32;
const PIECE_MILLISECONDS = 33;

/** A receiver of GPS that speaks NMEA 0183 once a second: RMC, GGA, and a GSV that nobody asked for. */
export class GpsReceiver {
	readonly #options: ReceiverOptions;
	readonly #born: number;
	#next: { cancel(): void } | undefined;

	constructor(options: ReceiverOptions) {
		this.#options = options;
		this.#born = options.scheduler.now;
		this.#tick();
	}

	/** Its power goes. */
	off(): void {
		this.#next?.cancel();
	}

	#tick(): void {
		const { scheduler, place, dilution = () => 1.1, firstFix = 0 } = this.#options;
		this.#next = scheduler.schedule(1_000, () => this.#tick());
		const seconds = Math.floor(scheduler.now / 1_000) % 86_400;
		const fix = scheduler.now - this.#born >= firstFix ? place() : undefined;
		this.#say(sentences(seconds, fix, dilution()));
	}

	#say(text: string): void {
		const { scheduler, uart } = this.#options;
		for (let at = 0; at < text.length; at += PIECE) {
			const piece = [...text.slice(at, at + PIECE)].map((character) => character.charCodeAt(0));
			scheduler.schedule((at / PIECE) * PIECE_MILLISECONDS, () => uart.receive(piece));
		}
	}
}

function sentences(
	seconds: number,
	place: { readonly latitude: number; readonly longitude: number } | undefined,
	dilution: number,
): string {
	const two = (value: number): string => String(Math.floor(value)).padStart(2, '0');
	const time = `${two(seconds / 3_600)}${two((seconds / 60) % 60)}${two(seconds % 60)}.00`;
	const where = place
		? `${angle(place.latitude, 2)},${place.latitude < 0 ? 'S' : 'N'},${angle(place.longitude, 3)},${place.longitude < 0 ? 'W' : 'E'}`
		: ',,,';
	return [
		`GPRMC,${time},${place ? 'A' : 'V'},${where},0.1,0.0,010126,,,A`,
		`GPGGA,${time},${where},${place ? 1 : 0},${place ? '08' : '03'},${place ? dilution.toFixed(1) : ''},25.3,M,32.1,M,,`,
		'GPGSV,1,1,04,02,45,120,38,05,60,210,41,12,30,300,35,25,15,045,30',
	]
		.map((body) => sentence(body))
		.join('');
}

/** "$", the body, "*", the exclusive or of the body, and the line's end. */
export function sentence(body: string): string {
	let sum = 0;
	for (const character of body) sum ^= character.charCodeAt(0);
	return `$${body}*${sum.toString(16).toUpperCase().padStart(2, '0')}\r\n`;
}

function angle(degrees: number, digits: number): string {
	// Rounded as a whole, so that no 60 minutes come out.
	const all = Math.round(Math.abs(degrees) * 60 * 1e5);
	const whole = Math.floor(all / (60 * 1e5));
	return `${String(whole).padStart(digits, '0')}${((all - whole * 60 * 1e5) / 1e5).toFixed(5).padStart(8, '0')}`;
}
