/** As much of the Moddable SDK 8.2 as this host names, for the check of the whole; mcconfig uses the SDK's own typings. */
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

declare function trace(...values: unknown[]): void;

interface StringConstructor {
	/** Throws when the bytes are no UTF-8. */
	fromArrayBuffer(bytes: ArrayBuffer): string;
}
