import type { Random32 } from '../../../modules/ports';
import type { Wiring } from '../board/wiring';
import { VirtualBus } from '../bus/i2c';
import { type Illumination, Max3010xModel } from '../bus/max3010x';
import { Max17048Model } from '../bus/max17048';
import { Mlx90614Model } from '../bus/mlx90614';
import { GpsReceiver } from '../bus/receiver';
import { VirtualUart } from '../bus/serial';
import { ShtModel } from '../bus/sht';
import type { Scheduler } from '../net/scheduler';
import type { Person } from './person';
import { Pulse } from './pulse';

export interface WornOptions {
	readonly scheduler: Scheduler;
	readonly random32: Random32;
	readonly person: Person;
	/** What the pulse oximeter sees instead of this person's finger. */
	readonly light?: Illumination | undefined;
}

/** Room, in °C: what the thermometer's own case has. */
const ROOM = 27;

/**
 * All that a person wears, as parts on buses: a MAX30102, an MLX90614, an SHT40, a MAX17048 and a receiver of GPS. The parts live on,
 * whatever becomes of the board.
 */
export class Worn implements Wiring {
	readonly parts: Wiring['parts'] = Object.freeze([
		Object.freeze({ part: 'max30102', bus: 'main' }),
		Object.freeze({ part: 'mlx90614', bus: 'main' }),
		Object.freeze({ part: 'sht4x', bus: 'main' }),
		Object.freeze({ part: 'max17048', bus: 'main' }),
		Object.freeze({ part: 'gps', bus: 'gps' }),
	]);
	readonly pulse: Pulse;
	readonly bus: VirtualBus;
	readonly uart: VirtualUart;
	readonly #receiver: GpsReceiver;

	constructor({ scheduler, random32, person, light }: WornOptions) {
		const now = (): number => scheduler.now;
		this.pulse = new Pulse({
			random32,
			heartRateBpm: () => person.measure().heartRateBpm,
			spo2Percent: () => person.measure().spo2Percent,
		});
		this.bus = new VirtualBus([
			new Max3010xModel({ scheduler, light: light ?? this.pulse }),
			new Mlx90614Model({ now, ambient: () => ROOM, object: () => person.measure().temperatureCelsius }),
			new ShtModel({
				now,
				family: 'sht4x',
				air: () => ({ temperatureCelsius: ROOM, humidityPercent: person.measure().humidityPercent }),
			}),
			new Max17048Model({
				now,
				isNew: false,
				millivolts: () => 3_300 + 8.8 * person.measure().batteryPercent,
				percent: () => person.measure().batteryPercent,
			}),
		]);
		this.uart = new VirtualUart(scheduler);
		this.#receiver = new GpsReceiver({
			scheduler,
			uart: this.uart,
			place: () => {
				const { latitudeDegrees: latitude, longitudeDegrees: longitude } = person.measure();
				return { latitude, longitude };
			},
		});
	}

	/** Taken off. */
	close(): void {
		this.#receiver.off();
	}
}
