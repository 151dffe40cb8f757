import type { Link } from '../ports';
import type { Timekeeper } from './timekeeper';

/** A link that also has the time asked for, whenever it comes up. */
export class TimedLink implements Link {
	onChanged: (() => void) | undefined;
	readonly #link: Link;
	readonly #timekeeper: Timekeeper;

	constructor(link: Link, timekeeper: Timekeeper) {
		this.#link = link;
		this.#timekeeper = timekeeper;
		link.onChanged = () => {
			if (link.state === 'up') timekeeper.start();
			else timekeeper.stop();
			this.onChanged?.();
		};
	}

	get state(): Link['state'] {
		return this.#link.state;
	}

	get rssiDbm(): number | undefined {
		return this.#link.rssiDbm;
	}

	open(): void {
		this.#link.open();
	}

	close(): void {
		this.#timekeeper.stop();
		this.#link.close();
	}
}
