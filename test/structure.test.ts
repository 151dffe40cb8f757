import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import ts from 'typescript';
import { describe, expect, test } from 'vitest';

const root = resolve(import.meta.dirname, '..');

function sources(folder: string, extension = /\.ts$/): string[] {
	const path = join(root, folder);
	if (!existsSync(path)) return [];
	return readdirSync(path, { recursive: true, encoding: 'utf8' })
		.map((name) => `${folder}/${name}`)
		.filter((name) => extension.test(name));
}

/** What a file imports, as paths from the root for its own parts and as written for everything else. */
function imports(file: string): string[] {
	const text = readFileSync(join(root, file), 'utf8');
	const statements = /^(?:import|export)\b[^;]*?\bfrom\s*'([^']+)'|^import\s*'([^']+)'|\bimport\(\s*'([^']+)'\s*\)/gm;
	const found = [...text.matchAll(statements)].map(([, from, bare, dynamic]) => from ?? bare ?? dynamic!);
	return found.map((name) => (name.startsWith('.') ? relative(root, resolve(root, dirname(file), name)) : name));
}

const room = (path: string): string => path.split('/').slice(0, 2).join('/');
const shared = new Set(['modules/ports', 'modules/sockets', 'modules/fault']);
/** Text, and what all drivers of sensors, and all clients' connections, have in common. */
const serving = new Set(['modules/text', 'modules/sensor', 'modules/tap']);
const transports = ['mqtt', 'http', 'websocket', 'tls', 'wifi', 'lora', 'lmic'].map((name) => `modules/${name}`);

describe('the import rules', () => {
	test('src imports only src and modules, and no transport', () => {
		for (const file of sources('src'))
			for (const name of imports(file)) {
				expect(name, file).toMatch(/^(src|modules)\//);
				expect(transports, file).not.toContain(room(name));
			}
	});

	test('a room of modules imports itself, the ports, the fault and the rooms that serve others, and no other room', () => {
		for (const file of sources('modules'))
			for (const name of imports(file))
				if (!shared.has(name) && !serving.has(room(name))) expect(room(name), file).toBe(room(file));
	});

	test('the server imports message formats and codecs, never the firmware or the simulator', () => {
		for (const file of sources('hosts/server'))
			for (const name of imports(file)) {
				if (name !== 'hosts/log') expect(name, file).not.toMatch(/^hosts\/(?!server)/);
				expect(name, file).not.toMatch(/^src\/(?!messages)/);
			}
	});

	test('device code names nothing that a board does not have', () => {
		for (const file of [...sources('src'), ...sources('modules')]) {
			const text = readFileSync(join(root, file), 'utf8').replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, '');
			expect(text, file).not.toMatch(
				/\b(Date\.now|setTimeout|setInterval|console|process|Buffer|TextEncoder|TextDecoder)\b/,
			);
			expect(text, file).not.toMatch(/^(export\s+)?(let|var|(const\s+)?enum)\s/m);
		}
	});

	const device = [
		...['src', 'modules', 'hosts/desktop', 'hosts/esp32', 'hosts/sensors'].flatMap((folder) => sources(folder)),
		'hosts/routes.ts',
		'hosts/lora.ts',
	];
	const trees = device.map((file) => {
		const text = readFileSync(join(root, file), 'utf8');
		return [file, ts.createSourceFile(file, text, ts.ScriptTarget.ES2022, true)] as const;
	});

	test('device code makes each pattern when it is used: XS 17.9 spoils its heap with a preloaded RegExp', () => {
		for (const [file, tree] of trees) {
			const visit = (node: ts.Node): void => {
				if (ts.isFunctionLike(node)) return;
				expect(ts.isRegularExpressionLiteral(node), `${file}: ${node.getText()}`).toBe(false);
				ts.forEachChild(node, visit);
			};
			ts.forEachChild(tree, visit);
		}
	});

	test('no private method says super: on XS 17.9 it has no home, and throws', () => {
		for (const [file, tree] of trees) {
			const visit = (node: ts.Node, isPrivate: boolean): void => {
				expect(isPrivate && node.kind === ts.SyntaxKind.SuperKeyword, file).toBe(false);
				const isMember = ts.isMethodDeclaration(node) || ts.isAccessor(node);
				const inside = isMember ? ts.isPrivateIdentifier(node.name) : isPrivate;
				ts.forEachChild(node, (child) => visit(child, inside));
			};
			visit(tree, false);
		}
	});

	test('native( stands only beside a C twin', () => {
		for (const file of [...sources('src'), ...sources('modules')])
			if (/\b[nN]ative\(/.test(readFileSync(join(root, file), 'utf8')))
				expect(existsSync(join(root, file.replace(/\.ts$/, '.c'))), file).toBe(true);
	});
});

describe('the board', () => {
	const parts = sources('hosts/esp32').filter((file) => !file.endsWith('.d.ts'));

	test('imports the firmware, its rooms, what hosts share and the SDK, and no other host', () => {
		for (const file of parts)
			for (const name of imports(file))
				expect(name, file).toMatch(
					/^(src\/|modules\/|hosts\/esp32\/|hosts\/(routes|lora)$|hosts\/sensors\/|embedded:|(timer|time|mc\/config)$)/,
				);
	});

	test('names the SDK only where it is put together', () => {
		const named = parts.filter((file) => imports(file).some((name) => !/^(src|modules|hosts)\//.test(name)));
		expect(named.sort()).toEqual(
			[
				'host.ts',
				'http.ts',
				'mqtt.ts',
				'websocket.ts',
				'start.ts',
				'rails/axp.ts',
				'sensors/io.ts',
				'wifi/link.ts',
				'ethernet/link.ts',
			]
				.map((file) => `hosts/esp32/${file}`)
				.sort(),
		);
	});

	test('native( stands only beside a C twin', () => {
		for (const file of parts)
			if (/\b[nN]ative\(/.test(readFileSync(join(root, file), 'utf8')))
				expect(existsSync(join(root, file.replace(/\.ts$/, '.c'))), file).toBe(true);
	});
});

describe('manifest.json', () => {
	const manifests = [
		'manifest.json',
		...['src', 'modules', 'hosts'].flatMap((from) => sources(from, /manifest\.json$/)),
	];
	const listed = new Set(
		manifests.flatMap((file) => {
			const { modules = {} } = JSON.parse(readFileSync(join(root, file), 'utf8')) as {
				modules?: Record<string, string | string[]>;
			};
			return Object.entries(modules).flatMap(([name, paths]) =>
				[paths].flat().flatMap((path) => {
					const from = relative(root, resolve(root, dirname(file), path));
					if (!from.endsWith('*')) {
						expect(name, `${file}: the name on the device is the path`).toBe(from);
						return [`${from}.ts`];
					}
					expect(name, `${file}: the name on the device is the path`).toBe(from);
					const folder = from.slice(0, -2);
					return readdirSync(join(root, folder))
						.filter((entry) => entry.endsWith('.ts'))
						.map((entry) => `${folder}/${entry}`);
				}),
			);
		}),
	);

	test('lists every file of src, modules and the hosts on XS, by its path', () => {
		const folders = ['src', 'modules', 'hosts/desktop', 'hosts/esp32', 'hosts/sensors'];
		const all = ['hosts/lora.ts', 'hosts/routes.ts', ...folders.flatMap((folder) => sources(folder))];
		// For hosts on Node alone.
		expect([...listed, 'hosts/sensors/all.ts'].sort()).toEqual(all.sort());
	});

	// mcconfig's wildcards pass over TypeScript without a word (SDK 8.2.3), and what is not preloaded takes 44 KB of the heap.
	test.each(manifests)('%s preloads, name by name, all that it lists but main', (file) => {
		const {
			modules = {},
			preload = [],
			creation = {},
		} = JSON.parse(readFileSync(join(root, file), 'utf8')) as {
			modules?: Record<string, string>;
			preload?: string[];
			creation?: { main?: string };
		};
		const all = Object.keys(modules).flatMap((name) => {
			if (!name.endsWith('/*')) return [name];
			const folder = name.slice(0, -2);
			return readdirSync(join(root, folder))
				.filter((entry) => entry.endsWith('.ts') && !entry.endsWith('.d.ts'))
				.map((entry) => `${folder}/${entry.slice(0, -3)}`);
		});
		expect([...preload].sort()).toEqual(all.filter((name) => name !== creation.main).sort());
	});
});
