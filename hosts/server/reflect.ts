/**
 * The three functions of the metadata proposal (https://rbuckton.github.io/reflect-metadata/) that @peculiar/x509 wants to
 * find on Reflect when it loads. The usual polyfill brings more; whoever loaded it keeps it.
 */
type Metadata = {
	defineMetadata(key: unknown, value: unknown, target: object): void;
	getMetadata(key: unknown, target: object): unknown;
	getOwnMetadata(key: unknown, target: object): unknown;
};

const kept = new WeakMap<object, Map<unknown, unknown>>();
const reflect = Reflect as unknown as Partial<Metadata>;

if (!reflect.getMetadata) {
	const own = (key: unknown, target: object): unknown => kept.get(target)?.get(key);
	reflect.defineMetadata = (key, value, target) => {
		const map = kept.get(target) ?? new Map<unknown, unknown>();
		map.set(key, value);
		kept.set(target, map);
	};
	reflect.getOwnMetadata = own;
	reflect.getMetadata = (key, target) => {
		for (let at: object | null = target; at; at = Object.getPrototypeOf(at))
			if (kept.get(at)?.has(key)) return own(key, at);
		return undefined;
	};
}
