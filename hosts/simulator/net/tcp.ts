import { connect } from 'node:net';
import { StreamSocket, type StreamSocketOptions } from './stream-socket';

/** The twin of the SDK's `embedded:io/socket/tcp`. */
export class NodeTcp extends StreamSocket {
	constructor(options: StreamSocketOptions) {
		super(options, connect({ host: options.address, port: options.port }), 'connect');
	}
}
