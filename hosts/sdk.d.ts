/**
 * As much of the Moddable SDK 8.2 as the hosts on it name (desktop, esp32), for the check of the whole; mcconfig uses the SDK's own
 * typings.
 *
 * Where those are wrong or silent, and the hosts cast: the MQTT client's callbacks (see modules/mqtt/client.ts); Wi-Fi has
 * `connect({channel})`, `scan({channel})`, `BSSID` and `channel`, which are not typed; `read` of key-value may give undefined; flash's
 * `status()` gives no `writeAlign` and no `eraseValue`; the resolver's callbacks are typed as giving null; `abort` is not typed.
 */
declare module 'mc/config' {
	const config: object;
	export default config;
}

declare module 'timer' {
	export default class Timer {
		private constructor();
		static set(callback: () => void, delay?: number): Timer;
		static clear(timer: Timer | undefined): void;
	}
}

declare module 'embedded:io/socket/tcp' {
	const TCP: new (options: never) => object;
	export default TCP;
}

declare module 'embedded:io/socket/udp' {
	const UDP: new (options: never) => object;
	export default UDP;
}

declare module 'embedded:network/dns/resolver/udp' {
	const Resolver: new (options: never) => object;
	export default Resolver;
}

declare module 'embedded:network/http/client' {
	const HTTPClient: new (options: never) => object;
	export default HTTPClient;
}

declare module 'embedded:network/mqtt/client' {
	const MQTTClient: new (options: never) => object;
	export default MQTTClient;
}

declare module 'embedded:network/websocket/client' {
	const WebSocketClient: new (options: never) => object;
	export default WebSocketClient;
}

declare module 'time' {
	const Time: { readonly ticks: number };
	export default Time;
}

declare module 'embedded:storage/flash' {
	const FlashStorage: { open(options: { path: string }): object };
	export default FlashStorage;
}

declare module 'embedded:storage/key-value' {
	const KeyValueStorage: { open(options: { path: string; format: 'string' }): object };
	export default KeyValueStorage;
}

declare module 'embedded:network/interface/wifi' {
	const WiFi: new (options: never) => object;
	export default WiFi;
}

declare module 'embedded:network/interface/ethernet' {
	const Ethernet: new (options: never) => object;
	export default Ethernet;
}

declare function trace(...values: unknown[]): void;

interface StringConstructor {
	/** Throws when the bytes are no UTF-8. */
	fromArrayBuffer(bytes: ArrayBuffer): string;
}

declare module 'embedded:io/analog' {
	const Analog: new (options: never) => object;
	export default Analog;
}

declare module 'embedded:io/digital' {
	const Digital: (new (options: never) => object) & { readonly InputPullUp: number; readonly Falling: number };
	export default Digital;
}

declare module 'embedded:io/i2c' {
	const I2C: new (options: never) => object;
	export default I2C;
}

declare module 'embedded:io/serial' {
	const Serial: new (options: never) => object;
	export default Serial;
}

declare module 'embedded:io/smbus' {
	const SMBus: new (options: never) => object;
	export default SMBus;
}

/** The SDK has a third kind of buffer behind typed arrays, in flash, which cannot be sliced. */
interface HostBuffer {
	readonly byteLength: number;
}

interface ArrayBufferTypes {
	HostBuffer: HostBuffer;
}
