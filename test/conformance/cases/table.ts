import { type Bench, type Case, Trial } from './bench';
import { dnsCases } from './dns';
import { flashCases } from './flash';
import { httpCases } from './http';
import { keyValueCases } from './key-value';
import { serverCases } from './mqtt';
import { tcpCases } from './tcp';
import { tlsCases } from './tls';
import { webSocketCases } from './websocket';

export const table: readonly (readonly [kind: string, cases: readonly Case[]])[] = [
	['tcp', tcpCases],
	['tls', tlsCases],
	['dns', dnsCases],
	['key-value', keyValueCases],
	['flash', flashCases],
	['mqtt', serverCases],
	['websocket', webSocketCases],
	['http', httpCases],
];

/** Milliseconds for a case that does not say. */
const PATIENCE = 5_000;

export interface Verdict {
	readonly good: boolean;
	readonly words: string;
}

/** Runs a case. A known difference must still be one: a case that holds where it is said not to is a failure too. */
export function runCase(bench: Bench, test: Case, onVerdict: (verdict: Verdict) => void): void {
	const known = test.differs?.[bench.maker];
	const trial = new Trial(bench, (failure) => {
		if (known === undefined) onVerdict({ good: failure === undefined, words: failure ?? 'holds' });
		else if (failure === undefined) onVerdict({ good: false, words: `holds, though it is said to differ: ${known}` });
		else onVerdict({ good: true, words: `differs (${failure}): ${known}` });
	});
	trial.guard(() => test.run(trial));
	const patience = test.patience ?? PATIENCE;
	bench.later(patience, () => trial.fail(`not done in ${patience} ms`));
}
