import { isIP } from 'node:net';
import { checkServerIdentity, connect } from 'node:tls';
import { Fault } from '../../../modules/fault';
import { StreamSocket, type StreamSocketOptions } from './stream-socket';

export interface NodeTlsOptions extends StreamSocketOptions {
	/** The authorities that may sign the server's certificate: PEM; 'system' for those that Node ships with. */
	readonly ca: string | readonly string[] | 'system';
	/** The name that the certificate must bear. Default: `host`. */
	readonly servername?: string;
	/** Default TLSv1.2. */
	readonly minVersion?: 'TLSv1.2' | 'TLSv1.3';
}

function open({ address, port, host, ca, servername = host, minVersion = 'TLSv1.2' }: NodeTlsOptions) {
	if (ca === undefined || ca.length === 0) throw new Fault('tls', 'no CA is given, so no server can be trusted');
	return connect({
		host: address,
		port,
		minVersion,
		rejectUnauthorized: true,
		// RFC 6066 §3: an address is no server name; the certificate must bear it all the same.
		...(isIP(servername) === 0 && { servername }),
		checkServerIdentity: (_, certificate) => checkServerIdentity(servername, certificate),
		...(ca !== 'system' && { ca: typeof ca === 'string' ? ca : [...ca] }),
	});
}

/** TLS with the certificate and the host name verified; there is no switch to turn that off. */
export class NodeTls extends StreamSocket {
	/** Throws a Fault 'tls' without a CA. */
	constructor(options: NodeTlsOptions) {
		super(options, open(options), 'secureConnect');
	}
}
