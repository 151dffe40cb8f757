import { buildXs } from '../../hosts/xs/build';

/** Compiles XS once for all tests, so that no test's time limit pays for it. */
export default function setup(): void {
	buildXs();
}
