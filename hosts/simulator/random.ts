import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import type { Random32 } from '../../modules/ports';

/** A seeded source of unsigned 32-bit integers: the same seed, the same world. */
export function seededRandom32(seed: number): Random32 {
	const generator = xoroshiro128plus(seed | 0);
	return () => generator.next() >>> 0;
}

/** A stream of its own for each part of a world, so that adding a draw in one does not change the others. */
export function substream(seed: number, name: string): Random32 {
	let mixed = seed | 0;
	for (const character of name) mixed = Math.imul(mixed ^ character.codePointAt(0)!, 0x9e3779b1) ^ (mixed >>> 15);
	return seededRandom32(mixed);
}

/** A number from 0 to just below 1. */
export function uniform(random32: Random32): number {
	return random32() / 2 ** 32;
}

/** A draw from the standard normal distribution (Box and Muller). */
export function normal(random32: Random32): number {
	return Math.sqrt(-2 * Math.log(1 - uniform(random32))) * Math.cos(2 * Math.PI * uniform(random32));
}
