import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import ts from 'typescript';

export const root = resolve(import.meta.dirname, '../../..');

/** Brings the manifest of the platform's target, which says what chip that is. */
const TARGET = '$(MODDABLE)/examples/manifest_base.json';

type Include =
	| string
	| { readonly git: string; readonly tag: string; readonly manifest: { readonly modules: Record<string, string[]> } };

interface Manifest {
	readonly build?: Record<string, string>;
	readonly include?: Include | readonly Include[];
	readonly modules?: Record<string, string>;
	readonly creation?: { readonly main?: string };
	readonly config?: Record<string, unknown>;
	readonly defines?: Record<string, Record<string, unknown>>;
	readonly platforms?: Record<string, Manifest & { readonly error?: string }>;
}

/** What mcconfig makes of a manifest of ours, as far as the repository says it: the SDK's own manifests are only named. */
export class Image {
	/** Modules by their names on the device, which are their paths. */
	readonly modules = new Set<string>();
	/** Of the SDK, and of git repositories. */
	readonly foreign = new Set<string>();
	readonly defines: Record<string, Record<string, unknown>> = {};
	readonly config: Record<string, unknown> = {};
	main = '';
	readonly #platform: string;
	readonly #chip: string | undefined;
	readonly #variables: Record<string, string>;
	/** What our manifests say of `build`: a second value takes the first one's place, and is not added to it. */
	readonly #given = new Map<string, string>();
	readonly #seen = new Set<string>();
	readonly #foreignSources: string[] = [];

	/** @param chip of the platform, as the SDK's target has it */
	constructor(manifest: string, platform: string, chip?: string, environment: Record<string, string> = {}) {
		this.#platform = platform;
		this.#chip = chip;
		this.#variables = { ...environment };
		this.#include(join(root, manifest));
	}

	/** C sources beside the modules, which mcconfig compiles, and those that are listed of git repositories. */
	get sources(): string[] {
		const folders = new Set([...this.modules].map((name) => dirname(name)));
		const own = [...folders].flatMap((folder) =>
			readdirSync(join(root, folder))
				.filter((name) => name.endsWith('.c'))
				.map((name) => `${folder}/${name}`),
		);
		return [...own, ...this.#foreignSources];
	}

	/** As mcconfig does it: variables, then what is included, then what it says itself, which wins. */
	#include(path: string): void {
		if (this.#seen.has(path)) return;
		this.#seen.add(path);
		if (!existsSync(path)) throw new Error(`'${relative(root, path)}': manifest not found!`);
		const manifest = JSON.parse(readFileSync(path, 'utf8')) as Manifest;
		const platform = this.#matching(manifest);
		const parts = platform ? [manifest, platform] : [manifest];
		for (const { build = {} } of parts)
			for (const [name, value] of Object.entries(build)) {
				const asked = name.endsWith(' ?=');
				const plain = asked ? name.slice(0, -3) : name;
				if (!asked || this.#variables[plain] === undefined) this.#variables[plain] = value;
				const other = this.#given.get(plain);
				if (other !== undefined && other !== value) throw new Error(`${path}: ${plain} hides ${other}`);
				this.#given.set(plain, value);
			}
		for (const { include = [] } of parts) for (const each of [include].flat() as Include[]) this.#follow(path, each);
		for (const part of parts) this.#merge(path, part);
	}

	#matching({ platforms = {} }: Manifest): Manifest | undefined {
		const [family] = this.#platform.split('/') as [string];
		return platforms[this.#platform] ?? platforms[family] ?? platforms['...'];
	}

	#follow(path: string, include: Include): void {
		if (typeof include !== 'string') {
			this.foreign.add(include.git);
			for (const source of Object.values(include.manifest.modules).flat())
				this.#foreignSources.push(`${include.git}/${source}.c`);
			return;
		}
		const name = include.replace(/\$\((\w+)\)/g, (whole, variable: string) => this.#variables[variable] ?? whole);
		if (!name.startsWith('$(')) {
			this.#include(resolve(dirname(path), name));
			return;
		}
		this.foreign.add(name);
		if (name === TARGET && this.#chip !== undefined) this.#variables.ESP32_SUBCLASS = this.#chip;
	}

	#merge(path: string, { modules = {}, creation, config, defines = {} }: Manifest): void {
		for (const [name, from] of Object.entries(modules)) {
			const source = relative(root, resolve(dirname(path), from));
			if (name !== source) throw new Error(`${path}: ${name} is at ${source}`);
			for (const each of expand(name)) this.modules.add(each);
		}
		this.main = creation?.main ?? this.main;
		Object.assign(this.config, config);
		for (const [name, values] of Object.entries(defines)) this.defines[name] = { ...this.defines[name], ...values };
	}
}

/** "folder/*": its files. */
function expand(name: string): string[] {
	if (!name.endsWith('/*')) return [name];
	const folder = name.slice(0, -2);
	return readdirSync(join(root, folder))
		.filter((entry) => entry.endsWith('.ts') && !entry.endsWith('.d.ts'))
		.map((entry) => `${folder}/${entry.slice(0, -3)}`);
}

/** All modules of ours that one reaches. @param types also those of which only the types are named */
export function reached(main: string, types: boolean): Set<string> {
	const found = new Set([main]);
	for (const name of found) for (const each of importsOf(name, types)) found.add(each);
	return found;
}

interface Import {
	readonly name: string;
	readonly isType: boolean;
}

const parsed = new Map<string, readonly Import[]>();

function importsOf(name: string, types: boolean): string[] {
	const imports = parsed.get(name) ?? parse(name);
	parsed.set(name, imports);
	return imports.filter(({ isType }) => types || !isType).map((each) => each.name);
}

function parse(name: string): Import[] {
	const path = join(root, `${name}.ts`);
	const source = ts.createSourceFile(path, readFileSync(path, 'utf8'), ts.ScriptTarget.ES2022);
	return source.statements.flatMap((statement) => {
		if (!ts.isImportDeclaration(statement) && !ts.isExportDeclaration(statement)) return [];
		const { moduleSpecifier: specifier } = statement;
		if (!specifier || !ts.isStringLiteral(specifier) || !specifier.text.startsWith('.')) return [];
		const isType = ts.isExportDeclaration(statement)
			? statement.isTypeOnly
			: statement.importClause?.isTypeOnly === true;
		return [{ name: relative(root, resolve(dirname(path), specifier.text)), isType }];
	});
}
