import { spawnSync } from 'node:child_process';
import { configDefaults, defineConfig } from 'vitest/config';

/** The firmware's tests on XS compile that engine first. CI has a compiler; who has none still runs all the others. */
function hasCompiler(): boolean {
	const { error } = spawnSync(process.env.CC ?? 'gcc', ['--version']);
	if (!error) return true;
	if (process.env.CI) throw new Error('no C compiler: CI must have one (gcc, gcc-multilib)');
	console.log('No C compiler (gcc): the firmware is not tested on the XS engine here, only on Node.');
	return false;
}

const onXs = hasCompiler();

export default defineConfig({
	test: {
		include: ['test/**/*.test.ts'],
		exclude: [...configDefaults.exclude, ...(onXs ? [] : ['test/hosts/xs/**', 'test/**/xs*.test.ts'])],
		globalSetup: onXs ? ['test/support/xs-setup.ts'] : [],
		testTimeout: 60_000,
		// Servers and compilers are started in them: on a busy machine that takes a while.
		hookTimeout: 60_000,
	},
});
