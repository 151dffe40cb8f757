import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';

const root = resolve(import.meta.dirname, '../../..');
const manifest = JSON.parse(readFileSync(join(root, 'hosts/desktop/manifest.json'), 'utf8')) as { preload: string[] };

/** mcconfig's wildcards pass over TypeScript without a word (SDK 8.2.3), and what is not preloaded takes 44 KB of the board's heap. */
test('all that the desktop runs is preloaded, name by name, but for main', () => {
	const folders = ['hosts/desktop', 'modules', 'modules/journal', 'modules/mqtt', 'modules/text', 'modules/tls'];
	const firmware = readdirSync(join(root, 'src'), { withFileTypes: true })
		.filter((entry) => entry.isDirectory())
		.map((entry) => `src/${entry.name}`);
	const all = [...folders, 'src', ...firmware].flatMap((folder) =>
		readdirSync(join(root, folder))
			.filter((name) => name.endsWith('.ts') && !name.endsWith('.d.ts'))
			.map((name) => `${folder}/${name.slice(0, -3)}`),
	);
	const wanted = ['hosts/routes', ...all.filter((name) => name !== 'hosts/desktop/main')];
	expect([...manifest.preload].sort()).toEqual(wanted.sort());
});
