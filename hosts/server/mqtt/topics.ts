import type { Channel } from '../../../modules/ports';

const channels: readonly Channel[] = ['data', 'heartbeat', 'alert', 'diagnostics', 'replies'];

/** The topics under one prefix, and who may do what with them. */
export class Topics {
	/** Every topic that devices publish to. */
	readonly inbound: readonly string[];
	readonly #channels: ReadonlyMap<string, Channel>;
	/** To every device. */
	readonly commands: string;

	/** @throws Error when the prefix holds what a topic name must not (MQTT 3.1.1, section 4.7) */
	constructor(prefix: string) {
		// biome-ignore lint/suspicious/noControlCharactersInRegex: a topic must hold none
		if (prefix === '' || prefix.length > 128 || /[\s#+$\u0000-\u001f\u007f]|^\/|\/$|\/\//.test(prefix))
			throw new Error(`prefix: ${JSON.stringify(prefix)} must be words joined by "/", without "#", "+", "$" or spaces`);
		this.#channels = new Map(channels.map((channel) => [`${prefix}/${channel}`, channel]));
		this.inbound = [...this.#channels.keys()];
		this.commands = `${prefix}/commands`;
	}

	/** What a message on this topic is, or undefined where devices may not publish. */
	channel(topic: string): Channel | undefined {
		return this.#channels.get(topic);
	}

	/** Whether a device may subscribe to this filter and be sent what is published there: commands to all, and its own. */
	mayRead(filter: string, deviceId: string): boolean {
		return filter === this.commands || filter === this.commandsOf(deviceId);
	}

	/** To one device. */
	commandsOf(deviceId: string): string {
		return `${this.commands}/${deviceId}`;
	}
}
