import { Fault } from '../../../modules/fault';

/** What Node and OpenSSL say about a certificate, in words for a log (X509_V_ERR_* in openssl-verify(1)). */
const CERTIFICATE: Readonly<Record<string, string>> = Object.freeze({
	CERT_HAS_EXPIRED: 'the certificate has expired',
	CERT_NOT_YET_VALID: 'the certificate is not yet valid',
	ERR_TLS_CERT_ALTNAME_INVALID: 'the certificate is for another host name',
	UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'the certificate is not from the given CA',
	UNABLE_TO_GET_ISSUER_CERT: 'the certificate is not from the given CA',
	UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'the certificate is not from the given CA',
	SELF_SIGNED_CERT_IN_CHAIN: 'the certificate is not from the given CA',
	DEPTH_ZERO_SELF_SIGNED_CERT: 'the certificate is not from the given CA',
	CERT_SIGNATURE_FAILURE: 'the certificate is not from the given CA',
	CERT_UNTRUSTED: 'the certificate is not from the given CA',
	INVALID_CA: 'the certificate is from one that is no CA',
	INVALID_PURPOSE: 'the certificate is not for a server',
	CERT_CHAIN_TOO_LONG: 'the certificate chain is too long',
	CERT_REVOKED: 'the certificate is revoked',
});

/** The Fault that a Node socket's error is. `secured`: the handshake, if there is one, was done. */
export function reasonOf(error: NodeJS.ErrnoException, peer: string, secured: boolean): Fault {
	const code = error.code ?? '';
	const certificate = CERTIFICATE[code];
	if (certificate !== undefined) return new Fault('tls', `${certificate} (${peer}, ${code})`);
	switch (code) {
		case 'ENOTFOUND':
		case 'EAI_AGAIN':
		case 'EAI_NODATA':
		case 'EAI_NONAME':
			return new Fault('dns', `${peer} does not resolve (${code})`);
		case 'ECONNREFUSED':
			return new Fault('connect', `nobody listens at ${peer}`);
		case 'EHOSTUNREACH':
		case 'ENETUNREACH':
		case 'ENETDOWN':
		case 'EADDRNOTAVAIL':
			return new Fault('connect', `no way to ${peer} (${code})`);
		case 'ETIMEDOUT':
			return new Fault('timeout', `${peer} does not answer`);
	}
	if (!secured || code.startsWith('ERR_SSL') || code.startsWith('ERR_TLS'))
		return new Fault('tls', `the TLS handshake with ${peer} failed: ${error.message}`);
	return new Fault('closed', `${peer}: ${error.message}`);
}
