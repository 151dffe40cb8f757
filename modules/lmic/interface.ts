/** LMIC on its own task, or as its own process, or a test's idea of it. engine.h says what the messages are. */
export interface Engine {
	/** LMIC's number of the region that it was built for (lmic_config_preconditions.h): a session of another is of no use. */
	readonly region: number;
	/** Told in their order, and never from inside a call to the engine. */
	onMessage: ((message: ArrayBuffer) => void) | undefined;
	/** @throws Fault when there is no room for it, or its pins are not good */
	open(): void;
	/** The message is copied. */
	tell(message: Uint8Array): void;
	/** Nothing is told after it. */
	close(): void;
}
