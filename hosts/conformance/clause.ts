/** What a server says of one clause: it holds, or what was seen instead. */
export type Finding = true | string;

/** A sentence of the guide or of the wire format that a server holds or not. */
export interface Clause {
	/** "http-3": stable, for scripts. */
	readonly id: string;
	/** `guide`: any server of the guide holds it. `wire`: what the wire format asks beyond the guide. */
	readonly source: 'guide' | 'wire';
	readonly text: string;
	/** Throws what a connection throws: then it is not held either. */
	readonly check: () => Promise<Finding>;
}

export interface Verdict {
	readonly id: string;
	readonly source: Clause['source'];
	readonly text: string;
	readonly held: boolean;
	/** What was seen, where it is not held. */
	readonly seen?: string;
}

/** Who the kit is to the server. */
export interface Identity {
	readonly deviceId: string;
	/** PEM; undefined: the authorities that this computer trusts. */
	readonly ca: string | undefined;
	/** The key of the device's tokens; undefined: none is sent, and clauses about tokens are not checked. */
	readonly secret: string | undefined;
	readonly mqttUser: string | undefined;
	readonly mqttPassword: string | undefined;
	/** Milliseconds that any one answer may take. */
	readonly timeout: number;
}

/** Checks one after another, since some look at what others left; `onVerdict` is told each at once. */
export async function examine(
	clauses: readonly Clause[],
	onVerdict: (verdict: Verdict) => void = () => {},
): Promise<Verdict[]> {
	const verdicts: Verdict[] = [];
	for (const { id, source, text, check } of clauses) {
		let finding: Finding;
		try {
			finding = await check();
		} catch (error) {
			finding = error instanceof Error ? error.message || error.name : String(error);
		}
		const verdict: Verdict = { id, source, text, held: finding === true, ...(finding !== true && { seen: finding }) };
		verdicts.push(verdict);
		onVerdict(verdict);
	}
	return verdicts;
}

/** A clause that numbers itself within its door. */
export function clauseMaker(door: string): (...rest: [Clause['source'], string, Clause['check']]) => Clause {
	let count = 0;
	return (source, text, check) => ({ id: `${door}-${++count}`, source, text, check });
}

/** @throws Error after `milliseconds` */
export function within<T>(milliseconds: number, what: string, promise: Promise<T>): Promise<T> {
	let timer: NodeJS.Timeout;
	const late = new Promise<never>((_, reject) => {
		timer = setTimeout(() => reject(new Error(`no ${what} in ${milliseconds / 1000} s`)), milliseconds);
	});
	return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}
