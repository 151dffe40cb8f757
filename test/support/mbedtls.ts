import { spawnSync } from 'node:child_process';

/** What engine.c is linked with. */
export const LIBRARIES: readonly string[] = ['-lmbedtls', '-lmbedx509', '-lmbedcrypto'];

export interface MbedTls {
	/** 2, 3 or 4. */
	readonly major: number;
	readonly tls13: boolean;
	/** As it calls itself. */
	readonly version: string;
}

/**
 * The library on this computer. Where it, or a C compiler, is not installed this says so, but in CI they must be.
 * @throws Error in CI when it is missing
 */
export function findMbedTls(): MbedTls | undefined {
	const compiler = process.env.CC ?? 'gcc';
	const linked = spawnSync(compiler, ['-m64', '-x', 'c', '-', '-o', '/dev/null', ...LIBRARIES], { input: CALLS_IT });
	if (linked.status === 0) {
		const asked = spawnSync(compiler, ['-E', '-P', '-x', 'c', '-'], { input: ASKS_IT, encoding: 'utf8' });
		const [, version = '2.0', tls13] = /version "([^"]+)"\s+(with TLS 1\.3)?/.exec(asked.stdout) ?? [];
		return { major: Number.parseInt(version, 10), tls13: tls13 !== undefined, version };
	}
	const message = 'Mbed TLS or a C compiler is not installed (apt-get install gcc libc6-dev libmbedtls-dev)';
	if (process.env.CI) throw new Error(`${message}: CI must have them`);
	console.log(`${message}: modules/tls is not tested here.`);
	return undefined;
}

const CALLS_IT = `#include <stddef.h>
#include <mbedtls/ssl.h>
#include <mbedtls/x509_crt.h>
int main(void) { mbedtls_ssl_init(NULL); mbedtls_x509_crt_init(NULL); return 0; }
`;

const ASKS_IT = `#include <mbedtls/version.h>
#include <mbedtls/ssl.h>
version MBEDTLS_VERSION_STRING
#if MBEDTLS_VERSION_MAJOR >= 3 && defined(MBEDTLS_SSL_PROTO_TLS1_3)
with TLS 1.3
#endif
`;
