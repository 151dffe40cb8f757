export interface Table {
	readonly title: string;
	/** What was counted, the figure, and what to hold it against. */
	readonly rows: readonly (readonly [name: string, value: string, note?: string])[];
}
