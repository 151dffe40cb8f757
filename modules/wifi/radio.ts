/** radio.c, as a Radio. */
import type { Radio } from './interface';

export const radio: Radio = Object.freeze({ start, stop, join, clear, reason });

declare function native(name: string): (this: unknown, ...args: readonly unknown[]) => unknown;

function start(this: void): void {
	native('xs_radio_start').call(this);
}
function stop(this: void): void {
	native('xs_radio_stop').call(this);
}
function join(this: void, SSID: string, password: string, channel: number, BSSID: string): number {
	return native('xs_radio_join').call(this, SSID, password, channel, BSSID) as number;
}
function clear(this: void): void {
	native('xs_radio_clear').call(this);
}
function reason(this: void): number {
	return native('xs_radio_reason').call(this) as number;
}
