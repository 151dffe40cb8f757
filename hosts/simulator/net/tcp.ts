import { connect, isIPv4 } from 'node:net';
import { Fault } from '../../../modules/fault';
import { StreamSocket, type StreamSocketOptions } from './stream-socket';

/** The twin of the SDK's `embedded:io/socket/tcp`. */
export class NodeTcp extends StreamSocket {
	/** Throws for what is no address or no port: names are the resolver's. */
	constructor(options: StreamSocketOptions) {
		if (!isIPv4(options.address)) throw new Fault('range', `${options.address} is no address`);
		super(options, connect({ host: options.address, port: options.port }), 'connect');
	}
}
