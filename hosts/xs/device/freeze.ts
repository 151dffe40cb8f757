/**
 * What xsl does with the built-ins when it links an image: they are frozen, all of them. Runs last of what is preloaded, so
 * that a module which changes a built-in fails here as it fails on the board.
 */
const found = new Set<object>();

function visit(value: unknown): void {
	if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return;
	if (value === globalThis || found.has(value)) return;
	found.add(value);
	visitProperties(value);
	visit(Object.getPrototypeOf(value));
}

function visitProperties(object: object): void {
	for (const key of Reflect.ownKeys(object)) {
		const property = Reflect.getOwnPropertyDescriptor(object, key)!;
		visit(property.value);
		visit(property.get);
		visit(property.set);
	}
}

visitProperties(globalThis);
// What no name leads to: the prototypes of generators, async functions and iterators.
for (const made of [
	function* () {},
	async () => {},
	async function* () {},
	[][Symbol.iterator](),
	''[Symbol.iterator](),
	new Map().entries(),
	new Set().values(),
	'a'.matchAll(/a/g),
])
	visit(Object.getPrototypeOf(made));
for (const object of found) Object.freeze(object);
