import type { Alarm, Clock, Link } from '../../modules/ports';

/** The computer's own network: there as soon as it is asked for. */
export class DesktopLink implements Link {
	onChanged: (() => void) | undefined;
	state: Link['state'] = 'down';
	readonly rssiDbm: undefined;
	readonly #alarm: Alarm;

	constructor(clock: Pick<Clock, 'alarm'>) {
		this.#alarm = clock.alarm(this);
	}

	onAlarm(): void {
		this.state = 'up';
		this.onChanged?.();
	}

	open(): void {
		if (this.state !== 'down') return;
		this.state = 'joining';
		this.#alarm.set(0);
	}

	close(): void {
		this.#alarm.clear();
		this.state = 'down';
	}
}
