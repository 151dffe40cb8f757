import { Operation } from '../../../../hosts/xs/device/operations';
import { WireClock } from '../../../../hosts/xs/device/ports';
import { request, type Wire } from '../../../../hosts/xs/device/wire';
import type { Alarm, AlarmOwner } from '../../../../modules/ports';

/** The device's clock, whose alarms are known to the wire only while they are armed: as on a board, nothing of them is left. */
export class TrialClock extends WireClock {
	readonly #wire: Wire;

	constructor(wire: Wire) {
		super(wire, 0);
		this.#wire = wire;
	}

	override alarm(owner: AlarmOwner): Alarm {
		const wire = this.#wire;
		let handle = 0;
		const disarm = (): void => {
			if (handle === 0) return;
			wire.detach(handle);
			handle = 0;
		};
		const fire = (): void => {
			disarm();
			owner.onAlarm(alarm);
		};
		const alarm: Alarm = {
			set(delay) {
				if (handle === 0) handle = wire.attachFunction(fire);
				request(Operation.ALARM_SET, 0, handle, delay);
			},
			clear() {
				if (handle !== 0) request(Operation.ALARM_CLEAR, handle);
				disarm();
			},
		};
		return alarm;
	}
}
