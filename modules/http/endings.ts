import { Fault, type FaultCode } from '../fault';

/** What a connection is doing; see Line. */
export const Stage = Object.freeze({ RESOLVING: 0, CONNECTING: 1, READY: 2, ASKING: 3, ENDED: 4 } as const);
export type Stage = (typeof Stage)[keyof typeof Stage];

const ending = (code: FaultCode, words: string) => Object.freeze([code, words] as const);

/** What an end without a reason most likely means, by stage. */
const SILENT_ENDS = Object.freeze([
	ending('dns', 'the name of the server did not resolve'),
	ending('connect', 'no connection to the server'),
	ending('closed', 'the connection ended'),
	ending('closed', 'the connection ended before the answer did'),
	ending('closed', 'the connection ended'),
]);

/** For a time-out's words. */
const DOINGS = Object.freeze(['resolving the name', 'connecting', 'connected', 'waiting for the answer', 'ended']);

/** What the line is doing, in words. */
export function doingOf(stage: Stage): string {
	return DOINGS[stage]!;
}

/** The Fault that an end with this reason, or none, is. */
export function endingOf(stage: Stage, reason: unknown): Fault {
	if (reason instanceof Fault) return reason;
	const [code, words] = SILENT_ENDS[stage]!;
	const detail = reason instanceof Error ? reason.message : reason;
	return new Fault(code, detail === undefined || detail === '' ? words : `${words}: ${String(detail)}`);
}
