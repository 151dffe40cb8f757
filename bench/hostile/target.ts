import type { Material } from './material';

/** What a case came to. One that broke a law throws. */
export type End = 'taken' | 'refused';

/** Something that reads what strangers write. */
export interface Target {
	readonly name: string;
	readonly cases: number;
	/** Makes what a run of cases shares; it is let go after `renew` of them. */
	readonly make: (material: Material) => Trial;
	/** Cases for which one trial serves; default all. */
	readonly renew?: number;
}

export interface Trial {
	/** One case. Its law: it comes to an end that its kind allows, and nothing else is thrown. */
	readonly run: (material: Material) => End | Promise<End>;
	readonly close?: () => void | Promise<void>;
}

export function must(law: boolean, what: () => string): void {
	if (!law) throw new Error(what());
}
