/**
 * The shapes that drivers are built over: types only. A board hands in the classes of the Moddable SDK (`embedded:io/smbus` …,
 * ECMA-419 §10), the simulator its twins of them.
 *
 * Each call is one transaction on the wire, and throws when it fails: nobody acknowledged, or the clock was held low for too long.
 * The SDK's classes do not say which.
 */

/** ECMA-419 §10.5, as the SDK has it. */
export interface I2C {
	write(bytes: Uint8Array): void;
	/** Fills `into`. */
	read(into: Uint8Array): void;
	close(): void;
}

/** ECMA-419 §10.6: registers, with a repeated start between the register and what is read of it. */
export interface SMBus extends I2C {
	readUint8(register: number): number;
	writeUint8(register: number, value: number): void;
	readUint16(register: number, bigEndian?: boolean): number;
	writeUint16(register: number, value: number, bigEndian?: boolean): void;
	/** Fills `into`, from `register` on. */
	readBuffer(register: number, into: Uint8Array): void;
}

/** ECMA-419 §10.7, with the format "buffer". */
export interface Serial {
	/** As many bytes as are there and fit; undefined when none are. */
	read(into: Uint8Array): number | undefined;
	close(): void;
}

/** ECMA-419 §10.2. */
export interface Analog {
	/** Bits. */
	readonly resolution: number;
	/** 0 to 2^resolution − 1; the SDK's gives undefined when the converter failed. */
	read(): number | undefined;
	close(): void;
}

/** ECMA-419 §10.3, as an input. */
export interface Digital {
	read(): number;
	close(): void;
}

/** A part and how to reach it: `{io: Class, …}`. Each class has needs of its own (pins, a port), named by who composes. */
export interface Part<T> {
	readonly io: new (options: never) => T;
	readonly [need: string]: unknown;
}

/** A part at an address; undefined: the one that it leaves the factory with. */
export interface AddressedPart<T> extends Part<T> {
	readonly address?: number | undefined;
	readonly hz?: number | undefined;
}
