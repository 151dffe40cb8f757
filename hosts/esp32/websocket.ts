/** The SDK's own WebSocket client over what is under the MQTT client. */
import WebSocketClient from 'embedded:network/websocket/client';
import type { WebSocketPart } from '../../modules/websocket/client';
import { type ClientOptions, dns, tlsSocket } from './mqtt';

/** WebSocket over TLS. */
export function webSocketOverTls(options: ClientOptions): WebSocketPart {
	return { io: WebSocketClient, dns, socket: tlsSocket(options) } as unknown as WebSocketPart;
}
