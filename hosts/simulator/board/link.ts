import type { Clock, Link } from '../../../modules/ports';

/** The board's Wi-Fi as the firmware sees it: joins after a while, comes and goes as the world says. */
export class VirtualLink implements Link {
	onChanged: (() => void) | undefined;
	readonly #joined;
	readonly #joinTime: number;
	#reachable = true;
	#wanted = false;
	#state: Link['state'] = 'down';

	/** @param joinTime milliseconds from open() to up */
	constructor(clock: Clock, joinTime: number) {
		this.#joinTime = joinTime;
		this.#joined = clock.alarm(() => this.#become(this.#reachable ? 'up' : 'joining'));
	}

	get state(): Link['state'] {
		return this.#state;
	}

	get rssiDbm(): number | undefined {
		return this.#state === 'up' ? -58 : undefined;
	}

	/** The access point comes into reach, or leaves it. */
	set reachable(reachable: boolean) {
		this.#reachable = reachable;
		if (!this.#wanted) return;
		if (reachable) this.#joined.set(this.#joinTime);
		else {
			this.#joined.clear();
			this.#become('joining');
		}
	}

	open(): void {
		if (this.#wanted) return;
		this.#wanted = true;
		this.#state = 'joining';
		if (this.#reachable) this.#joined.set(this.#joinTime);
	}

	close(): void {
		this.#wanted = false;
		this.#state = 'down';
		this.#joined.clear();
	}

	#become(state: Link['state']): void {
		if (this.#state === state) return;
		this.#state = state;
		this.onChanged?.();
	}
}
