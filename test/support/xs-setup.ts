import { buildXs } from '../../hosts/xs/build';
import { buildTls } from '../modules/tls/machine';
import { findMbedTls } from './mbedtls';

/** Compiles XS once for all tests, without and with Mbed TLS, so that no test's time limit pays for it. */
export default function setup(): void {
	buildXs();
	if (findMbedTls()) buildTls();
}
