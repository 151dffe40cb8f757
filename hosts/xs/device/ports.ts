/** The ports of the firmware over requests: what NVS, flash, RTC and Wi-Fi are on a board. */
import type {
	Alarm,
	AlarmOwner,
	Clock,
	FlashPartition,
	Keepsake,
	KeyValue,
	Link,
	Log,
	LogLevel,
	Power,
	Random32,
	Sample,
	Sensor,
	WakeCause,
} from '../../../modules/ports';
import type { Facts } from '../../../src/host';
import { Handle, Operation, QUANTITIES } from './operations';
import { fill, type Receiver, request, type Wire } from './wire';

export const random32: Random32 = () => request(Operation.RANDOM) as number;

/** Bytes of the arena that nothing holds. */
const freeMemory = native('xs_free') as () => number;

export const facts = (): Facts => ({
	freeHeapBytes: freeMemory(),
	resetReason: undefined,
	chipRevision: 'virtual',
	sdkVersion: 'XS',
});

export const setLogLevel = (level: LogLevel): void => {
	request(Operation.LOG_LEVEL, level);
};

export const log: Log = (level, source, message) => {
	request(Operation.LOG, level, source, message);
};

export const store: KeyValue = Object.freeze({
	read: (key: string) => request(Operation.STORE_READ, key) as string | undefined,
	write(key: string, value: string): void {
		request(Operation.STORE_WRITE, key, value);
	},
	delete(key: string): void {
		request(Operation.STORE_DELETE, key);
	},
});

export class WireFlash implements FlashPartition {
	readonly #status: { readonly size: number; readonly blockLength: number; readonly blocks: number };

	constructor(size: number, blockLength: number) {
		this.#status = Object.freeze({ size, blockLength, blocks: size / blockLength });
	}

	status(): { readonly size: number; readonly blockLength: number; readonly blocks: number } {
		return this.#status;
	}

	read(buffer: Uint8Array, byteOffset: number): number {
		return fill(buffer, Operation.FLASH_READ, byteOffset, buffer.byteLength);
	}

	write(buffer: Uint8Array, byteOffset: number): void {
		request(Operation.FLASH_WRITE, byteOffset, buffer);
	}

	eraseBlock(start: number, end = start + 1): void {
		request(Operation.FLASH_ERASE, start, end);
	}

	close(): void {
		request(Operation.FLASH_CLOSE);
	}
}

export class WireClock implements Clock {
	readonly #wire: Wire;
	readonly #which: number;

	/** @param which 0: the device's, 1: the network's */
	constructor(wire: Wire, which: number) {
		this.#wire = wire;
		this.#which = which;
	}

	get ticks(): number {
		return request(Operation.TICKS, this.#which) as number;
	}

	get time(): number | undefined {
		return request(Operation.TIME, this.#which) as number | undefined;
	}

	alarm(owner: AlarmOwner): Alarm {
		return new WireAlarm(this.#wire, this.#which, owner);
	}
}

class WireAlarm implements Alarm, Receiver {
	readonly #which: number;
	readonly #handle: number;
	readonly #owner: AlarmOwner;

	constructor(wire: Wire, which: number, owner: AlarmOwner) {
		this.#which = which;
		this.#owner = owner;
		this.#handle = wire.attach(this);
	}

	receive(): void {
		this.#owner.onAlarm(this);
	}

	set(delay: number): void {
		request(Operation.ALARM_SET, this.#which, this.#handle, delay);
	}

	clear(): void {
		request(Operation.ALARM_CLEAR, this.#handle);
	}
}

export class WirePower implements Power {
	readonly cause: WakeCause;
	#retained: Uint8Array | undefined;

	constructor(cause: WakeCause) {
		this.cause = cause;
	}

	/** On a board it is memory of its own; here it takes of the heap what it holds, once it is asked for. */
	get retained(): Uint8Array {
		this.#retained ??= new Uint8Array(request(Operation.RETAINED) as ArrayBuffer);
		return this.#retained;
	}

	sleep(ms: number): never {
		request(Operation.SLEEP, ms, this.#retained);
		throw new Error('it sleeps');
	}

	restart(): never {
		request(Operation.RESTART, this.#retained);
		throw new Error('it restarts');
	}
}

export class WireSensor implements Sensor {
	readonly name: string;
	readonly #index: number;

	constructor(name: string, index: number) {
		this.name = name;
		this.#index = index;
	}

	sample(): Sample | undefined {
		return this.#ask(Operation.SENSOR_SAMPLE);
	}

	close(): void {
		request(Operation.SENSOR_CLOSE, this.#index);
	}

	/** For a part that measures all the time. */
	protected now(): Sample | undefined {
		return this.#ask(Operation.SENSOR_LIVE);
	}

	#ask(operation: number): Sample | undefined {
		const values = request(operation, this.#index) as (number | undefined)[] | undefined;
		if (values === undefined) return undefined;
		const sample: Sample = {};
		for (let index = 0; index < QUANTITIES.length; index++) {
			const value = values[index];
			if (value !== undefined) sample[QUANTITIES[index]!] = value;
		}
		return sample;
	}
}

export class LiveWireSensor extends WireSensor {
	live(): Sample | undefined {
		return this.now();
	}
}

/** What the link remembers over deep sleep. */
export const linkKeepsake: Keepsake = Object.freeze({
	name: 'wifi',
	recall(bytes: Uint8Array): void {
		request(Operation.LINK_RECALL, bytes);
	},
	keep(): Uint8Array | undefined {
		const bytes = request(Operation.LINK_KEEP) as ArrayBuffer | undefined;
		return bytes && new Uint8Array(bytes);
	},
});

export class WireLink implements Link, Receiver {
	onChanged: (() => void) | undefined;

	constructor(wire: Wire) {
		wire.attach(this, Handle.LINK);
	}

	receive(): void {
		this.onChanged?.();
	}

	get state(): Link['state'] {
		return request(Operation.LINK_STATE) as Link['state'];
	}

	get rssiDbm(): number | undefined {
		return request(Operation.LINK_RSSI) as number | undefined;
	}

	open(): void {
		request(Operation.LINK_OPEN);
	}

	close(): void {
		request(Operation.LINK_CLOSE);
	}
}
