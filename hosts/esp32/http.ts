/** The SDK's own HTTP client over what is under the MQTT client. */
import HTTPClient from 'embedded:network/http/client';
import type { HttpPart } from '../../modules/http/client';
import { type ClientOptions, dns, tlsSocket } from './mqtt';

/** HTTP over TLS. */
export function httpOverTls(options: ClientOptions): HttpPart {
	return { io: HTTPClient, dns, socket: tlsSocket(options) } as unknown as HttpPart;
}
