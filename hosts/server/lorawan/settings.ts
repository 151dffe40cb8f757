import { readJson } from '../credentialfile';
import { type Network, networks } from './events';

/** What stands in the file of `--lorawan`. */
export interface LorawanSettings {
	/** What network servers show in `X-Webhook-Secret`: 32 characters and more. */
	readonly secret: string;
	/** Where commands go; undefined: nowhere by LoRaWAN. */
	readonly downlinks?: DownlinkTarget;
}

export interface DownlinkTarget {
	readonly network: Network;
	/** The API's: https, or http on this machine. */
	readonly url: string;
	readonly apiKey: string;
	/** The Things Stack: whose devices these are, and by which webhook they are spoken to. */
	readonly application?: string;
	readonly webhook?: string;
}

const name = /^[a-z0-9-]{1,36}$/;

/** @throws Error that names the field, and quotes no secret */
export function readLorawanSettings(path: string): LorawanSettings {
	const content = readJson(path) as { secret?: unknown; downlinks?: Record<string, unknown> } | undefined;
	if (content === undefined) throw new Error(`${path}: there is no such file`);
	const { secret, downlinks } = content ?? {};
	const must = (holds: boolean, what: string): void => {
		if (!holds) throw new Error(`${path}: ${what}`);
	};
	must(typeof secret === 'string' && secret.length >= 32, 'secret: must be a text of 32 characters or more');
	if (downlinks === undefined) return { secret: secret as string };
	const { network, url, apiKey, application, webhook } = downlinks;
	must(networks.includes(network as Network), `downlinks.network: must be ${networks.join(' or ')}`);
	must(typeof url === 'string' && isSafe(url), 'downlinks.url: must be https://…, or http:// on this machine');
	must(typeof apiKey === 'string' && apiKey !== '' && !/[\r\n]/.test(apiKey), 'downlinks.apiKey: must be a text');
	if (network === 'tts')
		for (const [field, value] of Object.entries({ application, webhook }))
			must(typeof value === 'string' && name.test(value), `downlinks.${field}: must be its id at The Things Stack`);
	return { secret: secret as string, downlinks: downlinks as unknown as DownlinkTarget };
}

/** The key must not be read on the way. */
function isSafe(text: string): boolean {
	if (!URL.canParse(text)) return false;
	const { protocol, hostname } = new URL(text);
	return protocol === 'https:' || (protocol === 'http:' && ['127.0.0.1', 'localhost', '[::1]'].includes(hostname));
}
