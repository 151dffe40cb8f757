/**
 * As much of the Moddable SDK 8.2 as this host names beyond what hosts/desktop/sdk.d.ts has, for the check of the whole; mcconfig uses
 * the SDK's own typings.
 *
 * Where those are wrong or silent, and the host casts: the MQTT client's callbacks (see modules/mqtt/client.ts); Wi-Fi has
 * `connect({channel})`, `scan({channel})`, `BSSID` and `channel`, which are not typed; `read` of key-value may give undefined; flash's
 * `status()` gives no `writeAlign` and no `eraseValue`; the resolver's callbacks are typed as giving null; `abort` is not typed.
 */
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
