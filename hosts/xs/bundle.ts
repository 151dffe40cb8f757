/** The TypeScript half: device code as ES2022 modules, each at its path in the repository. */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import type TypeScript from 'typescript';

const repository = join(import.meta.dirname, '..', '..');

export interface Program {
	/** Files and folders. Everything in these is preloaded, as in manifest.json; main alone is not. */
	readonly sources: readonly string[];
	readonly main: string;
}

/** What the host imports when all is preloaded (main.c). */
const MAIN = 'hosts/xs/device/main';
/** Runs last, when all that it freezes is there. */
const LAST = 'hosts/xs/device/freeze';

const FIRMWARE: Program = {
	sources: ['modules', 'src', 'hosts/routes.ts', 'hosts/sensors', 'hosts/xs/device'],
	main: MAIN,
};

/** @returns the folder that holds the modules; made unless it is there already */
export function bundleDevice(folder: string, log: (line: string) => void, program: Program = FIRMWARE): string {
	const sources = [...program.sources, `${LAST}.ts`, `${program.main}.ts`];
	const files = [...new Set(sources.flatMap((source) => list(join(repository, source))))].sort();
	const texts = files.map((file) => readFileSync(file, 'utf8'));
	const require = createRequire(import.meta.url);
	const { version } = require('typescript/package.json') as { version: string };
	const hash = createHash('sha256').update(`${version}\0${program.main}\0`);
	hash.update(readFileSync(join(import.meta.dirname, 'bundle.ts')));
	files.forEach((file, index) => {
		hash.update(`${relative(repository, file)}\0${texts[index]}\0`);
	});
	const bundle = join(folder, `js-${hash.digest('hex').slice(0, 16)}`);
	if (existsSync(bundle)) return bundle;

	log(`transpiling ${files.length} modules`);
	const typescript = require('typescript') as typeof TypeScript;
	const fresh = `${bundle}.${process.pid}`;
	const names: string[] = [];
	files.forEach((file, index) => {
		const name = relative(repository, file).slice(0, -'.ts'.length);
		const { outputText, diagnostics } = typescript.transpileModule(texts[index]!, {
			fileName: file,
			reportDiagnostics: true,
			compilerOptions: {
				target: typescript.ScriptTarget.ES2022,
				module: typescript.ModuleKind.ES2022,
				verbatimModuleSyntax: true,
				removeComments: true,
			},
		});
		if (diagnostics?.length)
			throw new Error(`xs: ${name}.ts: ${typescript.flattenDiagnosticMessageText(diagnostics[0]!.messageText, ' ')}`);
		mkdirSync(dirname(join(fresh, name)), { recursive: true });
		writeFileSync(join(fresh, `${name}.js`), outputText);
		if (name !== program.main && name !== LAST) names.push(name);
	});
	const imports = [...names, LAST].map((name) => `import '${name}';\n`);
	writeFileSync(join(fresh, 'preload.js'), imports.join(''));
	if (program.main !== MAIN) writeFileSync(join(fresh, `${MAIN}.js`), `import '${program.main}';\n`);
	if (!existsSync(bundle)) renameSync(fresh, bundle);
	return bundle;
}

function list(path: string): string[] {
	if (path.endsWith('.ts')) return [path];
	return readdirSync(path, { recursive: true, encoding: 'utf8' })
		.filter((name) => name.endsWith('.ts') && !name.endsWith('.d.ts'))
		.map((name) => join(path, name));
}
