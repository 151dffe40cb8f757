import type { Log } from '../../../modules/ports';
import type { Delivery, WireCommand } from '../commands/commands';
import type { Codec } from './codec';
import type { DownlinkTarget } from './settings';

export interface DownlinksOptions {
	readonly target: DownlinkTarget;
	readonly codec: Pick<Codec, 'encodeDownlink'>;
	/** Undefined for a device that has no LoRaWAN. */
	readonly devEuiOf: (deviceId: string) => string | undefined;
	/** The network server has it. */
	readonly onSent: (command: WireCommand) => void;
	/** Epoch ms. */
	readonly now: () => number;
	readonly log: Log;
	/** Ms before the second try; it doubles from try to try, up to five minutes. */
	readonly firstRetry?: number;
}

interface Waiting {
	readonly command: WireCommand;
	readonly bytes: readonly number[];
	readonly port: number;
}

/** Over all devices; who is beyond that hears of it by its next contact over another door. */
const maximumWaiting = 1_000;
const patience = 10_000;
const lastRetry = 300_000;

/**
 * Commands into the queue of the network server, which sends each after the device's next uplink. Until it has taken one, it is
 * tried again, ever more seldom, up to the end of the command's life.
 */
export class Downlinks implements Delivery {
	readonly door = 'lorawan';
	readonly #options: DownlinksOptions;
	readonly #names = new Map<string, string>();
	readonly #ending = new AbortController();
	#queue: Waiting[] = [];
	#isBusy = false;
	#wait: number;
	#timer: NodeJS.Timeout | undefined;

	constructor(options: DownlinksOptions) {
		this.#options = options;
		this.#wait = options.firstRetry ?? 1_000;
	}

	/** What The Things Stack calls a device: an uplink said so. */
	learn(devEui: string, name: string): void {
		this.#names.set(devEui, name);
	}

	/** False always: that it went out, `onSent` tells, once the network server has taken it. */
	deliver(deviceId: string, commands: readonly WireCommand[]): boolean {
		const { devEuiOf, codec, log } = this.#options;
		if (devEuiOf(deviceId) === undefined) return false;
		for (const command of commands) {
			if (this.#queue.some((waiting) => waiting.command.command_id === command.command_id)) continue;
			const { bytes, fPort, errors } = codec.encodeDownlink({ data: command });
			if (!bytes || fPort === undefined) log('warning', 'lorawan', `${command.command_id} does not go: ${errors?.[0]}`);
			else if (this.#queue.length < maximumWaiting) this.#queue.push({ command, bytes, port: fPort });
		}
		void this.#work();
		return false;
	}

	/** Twice is fine. */
	close(): void {
		clearTimeout(this.#timer);
		this.#queue = [];
		this.#ending.abort();
	}

	async #work(): Promise<void> {
		if (this.#isBusy || this.#timer) return;
		this.#isBusy = true;
		for (let waiting = this.#queue[0]; waiting; waiting = this.#queue[0]) {
			const isOver = waiting.command.expires <= this.#options.now();
			const wrong = isOver ? 'expired' : await this.#push(waiting);
			if (this.#ending.signal.aborted) break;
			if (wrong !== undefined && wrong !== 'expired') {
				this.#later(wrong);
				break;
			}
			this.#wait = this.#options.firstRetry ?? 1_000;
			this.#queue.shift();
			if (!isOver) this.#options.onSent(waiting.command);
		}
		this.#isBusy = false;
	}

	#later(wrong: string): void {
		this.#options.log('warning', 'lorawan', `no downlink: ${wrong}; again in ${this.#wait / 1000} s`);
		// Another device's may go all the same.
		this.#queue.push(...this.#queue.splice(0, 1));
		this.#timer = setTimeout(() => {
			this.#timer = undefined;
			void this.#work();
		}, this.#wait).unref();
		this.#wait = Math.min(2 * this.#wait, lastRetry);
	}

	/** @returns what went wrong, without a secret in it */
	async #push({ command, bytes, port }: Waiting): Promise<string | undefined> {
		const devEui = this.#options.devEuiOf(command.device_id);
		if (devEui === undefined) return 'expired';
		const { path, headers, body } = this.#request(devEui, port, Buffer.from(bytes).toString('base64'));
		try {
			const { status } = await fetch(new URL(path, this.#options.target.url), {
				method: 'POST',
				headers: { 'content-type': 'application/json', ...headers },
				body: JSON.stringify(body),
				redirect: 'error',
				signal: AbortSignal.any([this.#ending.signal, AbortSignal.timeout(patience)]),
			});
			return status >= 200 && status < 300 ? undefined : `the network server answers ${status}`;
		} catch (error) {
			const { message, cause } = error as Error;
			return `the network server cannot be reached: ${(cause as Error | undefined)?.message ?? message}`;
		}
	}

	#request(devEui: string, port: number, payload: string) {
		const { network, apiKey, application, webhook } = this.#options.target;
		if (network === 'chirpstack')
			return {
				path: `/api/devices/${devEui}/queue`,
				headers: { 'grpc-metadata-authorization': `Bearer ${apiKey}` },
				body: { queueItem: { confirmed: false, fPort: port, data: payload } },
			};
		const device = this.#names.get(devEui) ?? `eui-${devEui}`;
		return {
			path: `/api/v3/as/applications/${application}/webhooks/${webhook}/devices/${device}/down/push`,
			headers: { authorization: `Bearer ${apiKey}` },
			body: { downlinks: [{ f_port: port, frm_payload: payload, priority: 'NORMAL', confirmed: false }] },
		};
	}
}
