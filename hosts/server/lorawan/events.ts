import type { Json } from '../json';
import { Refusal } from '../message';
import { violationOf } from '../schema';

/** A network server that hands on uplinks by HTTP. */
export type Network = 'tts' | 'chirpstack';
export const networks: readonly Network[] = ['tts', 'chirpstack'];

/** What a device sent, as its network server tells it. */
export interface Uplink {
	/** 16 hexadecimal digits, small. */
	readonly devEui: string;
	/** What The Things Stack calls the device. */
	readonly name: string | undefined;
	readonly port: number;
	readonly bytes: Buffer;
}

const euiPattern = /^[0-9a-fA-F]{16}$/;
const base64Pattern = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
const eui = { type: 'string', pattern: euiPattern.source, description: '16 hexadecimal digits' };
/** 0: MAC commands alone; 224 to 255 are the specification's (LoRaWAN 1.0.3, section 4.3.2). */
const port = { type: 'integer', minimum: 0, maximum: 255 };
const payload = { type: 'string', pattern: base64Pattern.source, maxLength: 340, description: 'base64' };

/** The Things Stack v3, "uplink message" of a webhook (its API reference, ApplicationUp). */
export const ttsSchema = {
	type: 'object',
	required: ['end_device_ids', 'uplink_message'],
	properties: {
		end_device_ids: {
			type: 'object',
			required: ['dev_eui'],
			properties: { dev_eui: eui, device_id: { type: 'string', pattern: '^[a-z0-9-]{1,36}$', description: 'its id' } },
		},
		uplink_message: { type: 'object', properties: { f_port: port, frm_payload: payload } },
	},
} as const;

/** ChirpStack v4, event "up" of the HTTP integration in JSON (integration.UplinkEvent). */
export const chirpstackSchema = {
	type: 'object',
	required: ['deviceInfo'],
	properties: {
		deviceInfo: { type: 'object', required: ['devEui'], properties: { devEui: eui } },
		fPort: port,
		data: payload,
	},
} as const;

interface TtsUp {
	readonly end_device_ids: { readonly dev_eui: string; readonly device_id?: string };
	readonly uplink_message: { readonly f_port?: number; readonly frm_payload?: string };
}

interface ChirpstackUp {
	readonly deviceInfo: { readonly devEui: string };
	readonly fPort?: number;
	readonly data?: string;
}

/**
 * Undefined for an event that is no uplink with a payload: a join, an acknowledgement, MAC commands alone, a question for the time.
 * @param event ChirpStack's name of it, from the query
 * @throws Refusal that names the field
 */
export function uplinkOf(network: Network, event: string | undefined, json: Json): Uplink | undefined {
	if (network === 'tts') {
		if (typeof json === 'object' && json !== null && !Array.isArray(json) && json.uplink_message === undefined)
			return undefined;
		mustHold(ttsSchema, json);
		const { end_device_ids, uplink_message } = json as unknown as TtsUp;
		const { f_port, frm_payload } = uplink_message;
		return made(end_device_ids.dev_eui, end_device_ids.device_id, f_port, frm_payload);
	}
	if (event !== undefined && event !== 'up') return undefined;
	mustHold(chirpstackSchema, json);
	const { deviceInfo, fPort, data } = json as unknown as ChirpstackUp;
	return made(deviceInfo.devEui, undefined, fPort, data);
}

function made(devEui: string, name: string | undefined, port = 0, payload = ''): Uplink | undefined {
	if (port === 0 || payload === '') return undefined;
	return { devEui: devEui.toLowerCase(), name, port, bytes: Buffer.from(payload, 'base64') };
}

function mustHold(schema: object, json: Json): void {
	const wrong = violationOf(schema, json);
	if (wrong !== undefined) throw new Refusal(wrong);
}
