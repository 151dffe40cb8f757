import type { FlashPartition } from '../../../modules/ports';
import { PowerCut } from './flash';

/** When the power goes in the middle of a flash operation, it goes for the whole board. */
export class PoweredFlash implements FlashPartition {
	readonly #flash: FlashPartition;
	readonly #cut: (thrown: PowerCut) => void;

	constructor(flash: FlashPartition, cut: (thrown: PowerCut) => void) {
		this.#flash = flash;
		this.#cut = cut;
	}

	status(): ReturnType<FlashPartition['status']> {
		return this.#flash.status();
	}

	read(buffer: Uint8Array, byteOffset: number): number {
		return this.#powered(() => this.#flash.read(buffer, byteOffset));
	}

	write(buffer: Uint8Array, byteOffset: number): void {
		this.#powered(() => this.#flash.write(buffer, byteOffset));
	}

	eraseBlock(start: number, end?: number): void {
		this.#powered(() => this.#flash.eraseBlock(start, end));
	}

	close(): void {
		this.#flash.close();
	}

	#powered<T>(operation: () => T): T {
		try {
			return operation();
		} catch (thrown) {
			if (thrown instanceof PowerCut) this.#cut(thrown);
			throw thrown;
		}
	}
}
