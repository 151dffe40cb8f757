import { Device } from './device';
import type { Host } from './host';
import { makeSettings } from './settings';

/**
 * Starts the firmware on a host.
 * @throws Fault 'range' when a setting is out of bounds, 'flash' when the journal's partition cannot be used at all.
 */
export function start(host: Host): Device {
	const device = new Device(host, makeSettings(host.settings));
	device.start();
	return device;
}
