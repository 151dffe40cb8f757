import type { Log } from '../../../modules/ports';
import type { Delivery, WireCommand } from '../commands/commands';
import type { Door } from '../message';
import { DeviceSocket, type DeviceSocketOptions } from './devicesocket';
import type { Doorkeeper } from './doorkeeper';
import type { Pulse } from './pulse';
import type { Upgrades } from './upgrades';

export interface DeviceSocketsOptions extends Omit<DeviceSocketOptions, 'deviceId' | 'rate'> {
	readonly doorkeeper: Doorkeeper;
	readonly pulse: Pulse;
	readonly log: Log;
	/** What waits for a device that has come. */
	readonly commands: (deviceId: string, door: Door) => readonly WireCommand[];
}

/** `/ws/iot/<device_id>/`: every device that is connected by WebSocket, once each. */
export class DeviceSockets implements Delivery {
	readonly door = 'websocket';
	readonly #devices = new Map<string, DeviceSocket>();

	constructor(upgrades: Upgrades, options: DeviceSocketsOptions) {
		const { doorkeeper, pulse, log, commands } = options;
		upgrades.route('/ws/iot/', async (request, deviceId) => {
			const admission = await doorkeeper.device(request, deviceId);
			if ('status' in admission) return admission;
			return (socket) => {
				pulse.add(socket);
				const device = new DeviceSocket(socket, { ...options, deviceId, rate: () => doorkeeper.rate(deviceId) });
				this.#devices.get(deviceId)?.replace();
				this.#devices.set(deviceId, device);
				log('info', 'web', `${deviceId} connected by WebSocket`);
				socket.once('close', () => {
					if (this.#devices.get(deviceId) !== device) return;
					this.#devices.delete(deviceId);
					log('info', 'web', `${deviceId} left WebSocket`);
				});
				for (const command of commands(deviceId, 'websocket')) device.command(command);
			};
		});
	}

	get size(): number {
		return this.#devices.size;
	}

	deliver(deviceId: string, commands: readonly WireCommand[]): boolean {
		const device = this.#devices.get(deviceId);
		return device !== undefined && commands.every((command) => device.command(command));
	}
}
