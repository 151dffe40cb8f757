import type { Keepsake } from '../../modules/ports';

/** The TLS session of the broker, resumed within a waking and after deep sleep. A secret: for RTC memory, never for flash. */
export class KeptSession implements Keepsake {
	readonly name = 'tls';
	session: ArrayBuffer | undefined;

	recall(bytes: Uint8Array): void {
		this.session = bytes.slice().buffer;
	}

	keep(): Uint8Array | undefined {
		return this.session && new Uint8Array(this.session);
	}
}
