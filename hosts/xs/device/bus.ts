/** The buses of the other side, as if their wires ended here: each call is a transaction there. */
import type { I2C, Serial, SMBus } from '../../../modules/sensor/io';
import type { SensorBuses } from '../../sensors/plan';
import { Operation } from './operations';
import { fill, type Receiver, request, type Wire } from './wire';

interface BusOptions {
	readonly address: number;
	readonly hz: number;
}

export class WireI2C implements I2C {
	readonly #address: number;

	constructor({ address, hz }: BusOptions) {
		request(Operation.BUS_OPEN, address, hz);
		this.#address = address;
	}

	write(bytes: Uint8Array): void {
		request(Operation.BUS_WRITE, this.#address, bytes);
	}

	read(into: Uint8Array): void {
		fill(into, Operation.BUS_READ, this.#address, into.byteLength);
	}

	/** With a repeated start between. */
	protected writeRead(bytes: Uint8Array, into: Uint8Array): void {
		fill(into, Operation.BUS_READ, this.#address, into.byteLength, bytes);
	}

	close(): void {
		request(Operation.BUS_CLOSE, this.#address);
	}
}

export class WireSMBus extends WireI2C implements SMBus {
	readonly #register = new Uint8Array(1);
	readonly #word = new Uint8Array(2);

	readUint8(register: number): number {
		const into = this.#word.subarray(0, 1);
		this.readBuffer(register, into);
		return into[0]!;
	}

	writeUint8(register: number, value: number): void {
		const word = this.#word;
		word[0] = register;
		word[1] = value;
		this.write(word);
	}

	readUint16(register: number, bigEndian = false): number {
		const [first, second] = this.#read(register) as unknown as [number, number];
		return bigEndian ? (first << 8) | second : (second << 8) | first;
	}

	writeUint16(register: number, value: number, bigEndian = false): void {
		const [high, low] = [value >> 8, value];
		this.write(new Uint8Array(bigEndian ? [register, high, low] : [register, low, high]));
	}

	readBuffer(register: number, into: Uint8Array): void {
		this.#register[0] = register;
		this.writeRead(this.#register, into);
	}

	#read(register: number): Uint8Array {
		this.readBuffer(register, this.#word);
		return this.#word;
	}
}

class WireSerial implements Serial, Receiver {
	readonly #wire: Wire;
	readonly #handle: number;
	readonly #onReadable: (count: number) => void;

	constructor({ wire, baud, onReadable }: { wire: Wire; baud: number; onReadable: (count: number) => void }) {
		this.#wire = wire;
		this.#onReadable = onReadable;
		this.#handle = wire.attach(this);
		try {
			request(Operation.SERIAL_OPEN, this.#handle, baud);
		} catch (thrown) {
			wire.detach(this.#handle);
			throw thrown;
		}
	}

	receive(count: unknown): void {
		this.#onReadable(count as number);
	}

	read(into: Uint8Array): number | undefined {
		return fill(into, Operation.SERIAL_READ, into.byteLength) || undefined;
	}

	close(): void {
		this.#wire.detach(this.#handle);
		request(Operation.SERIAL_CLOSE);
	}
}

export function wireBuses(wire: Wire): SensorBuses {
	const none = (): never => {
		throw new Error('there are no pins');
	};
	return {
		i2c: () => ({ io: WireI2C as never }),
		smbus: () => ({ io: WireSMBus as never }),
		serial: () => ({ io: WireSerial as never, wire }),
		falling: none,
		analog: none,
	};
}
