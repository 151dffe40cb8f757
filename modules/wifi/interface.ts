/**
 * The shapes that the links are built over: types only. Written down from how the SDK's classes behave
 * (`embedded:network/interface/wifi` and `…/ethernet` on ESP32), which is more than their typings say:
 *
 * - `connection` is 200 (not connected), 300 (connecting), 400 (associated, no addresses) or 500 (an IPv4 *and* a link-local IPv6
 *   address: about a second after IPv4 alone would do). `address` is the IPv4 address as soon as there is one, else the IPv6 one.
 * - `onChanged` is called from the event loop, never from inside a call; not for what `disconnect` changes.
 * - `connect` throws while it is connecting, takes a channel where the search begins, and knows no BSSID.
 * - Why a connection failed is not told. The radio is on from the constructor on, and `close` leaves it on. So there is Radio.
 */
export interface Interface {
	readonly connection: number;
	readonly address: string | undefined;
	configure(options: { readonly hostname: string }): void;
	disconnect(): void;
	close(): void;
}

export interface Station extends Interface {
	scan(options: { readonly onFound: (found: AccessPoint) => void; readonly onComplete: () => void }): void;
	connect(options: { readonly SSID: string; readonly password?: string; readonly channel?: number }): void;
	readonly SSID: string | undefined;
	readonly BSSID: string | undefined;
	readonly channel: number | undefined;
	readonly RSSI: number | undefined;
}

export interface Wire extends Interface {
	/** Asks for an address; throws when called twice. */
	connect(): void;
}

export interface AccessPoint {
	readonly SSID: string;
	readonly BSSID: string;
	readonly channel: number;
	readonly RSSI: number;
}

export interface InterfaceOptions {
	readonly onChanged: (property: 'connection' | 'address') => void;
}

export type StationClass = new (options: InterfaceOptions) => Station;
export type WireClass = new (options: InterfaceOptions) => Wire;

/** What the SDK's class lacks: radio.c on a board. */
export interface Radio {
	/** Turns the radio on, after `stop`. */
	start(): void;
	/** Turns the radio off: before deep sleep, and while nobody wants it. */
	stop(): void;
	/** Joins this access point on its channel, without a search. Returns esp_err_t: 0 when it has begun. */
	join(SSID: string, password: string, channel: number, BSSID: string): number;
	/** Forgets why the last attempt failed. */
	clear(): void;
	/** Why the last attempt failed or the connection ended (wifi_err_reason_t); 0 when it did not. */
	reason(): number;
}
