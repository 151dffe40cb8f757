import type { Keepsake } from '../ports';
import type { Kept } from './options';

/** The TLS session with a server, resumed within a waking and after deep sleep. A secret: for RTC memory, never for flash. */
export class KeptSession implements Keepsake, Kept {
	readonly name: string;
	session: ArrayBuffer | undefined;

	/** `name`: 1 to 15 of ASCII, one for each server. */
	constructor(name: string) {
		this.name = name;
	}

	recall(bytes: Uint8Array): void {
		this.session = bytes.slice().buffer;
	}

	keep(): Uint8Array | undefined {
		return this.session && new Uint8Array(this.session);
	}
}
