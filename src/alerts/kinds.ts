import { type Quantity, quantities } from './quantities';

/** What may be wrong with a quantity. */
export const Condition = Object.freeze({ LOW: 0, HIGH: 1, FALLING: 2, RISING: 3, LOST: 4 } as const);
export type Condition = (typeof Condition)[keyof typeof Condition];

/** Kinds of alert that belong to no quantity. A quantity's are `kindOf()`, below these. */
export const Kind = Object.freeze({ STORAGE_NEARLY_FULL: 64, READINGS_DROPPED: 65 } as const);

export type Priority = 'low' | 'medium' | 'high';

/** Eight numbers a quantity, so that a later condition finds room. */
const CONDITIONS = 8;
const SUFFIXES = Object.freeze(['_low', '_high', '_falling', '_rising', '_lost']);

/** The number of a kind: 0 to 63. @param quantity its place in `quantities` */
export function kindOf(quantity: number, condition: Condition): number {
	return quantity * CONDITIONS + condition;
}

/** What a kind is about; undefined for one of `Kind`, and for what no kind is. */
export function aboutOf(kind: number): { readonly quantity: Quantity; readonly condition: Condition } | undefined {
	const quantity = quantities[Math.floor(kind / CONDITIONS)];
	const condition = kind % CONDITIONS;
	return quantity && condition < SUFFIXES.length ? { quantity, condition: condition as Condition } : undefined;
}

/** The message's `alert_type`; undefined for what no kind is. */
export function alertType(kind: number): string | undefined {
	if (kind === Kind.STORAGE_NEARLY_FULL) return 'storage_nearly_full';
	if (kind === Kind.READINGS_DROPPED) return 'readings_dropped';
	const about = aboutOf(kind);
	return about && `${about.quantity.stem}${SUFFIXES[about.condition]}`;
}

/** A person's signs are `high`, the guide's one priority; a device's own troubles are below. */
export function priorityOf(kind: number): Priority {
	if (kind === Kind.READINGS_DROPPED) return 'high';
	const about = aboutOf(kind);
	if (!about || about.quantity.name === 'battery_level' || about.condition === Condition.LOST) return 'medium';
	return about.quantity.name === 'humidity' ? 'low' : 'high';
}
