import { Stage as Every, ending } from '../tap/line';

/** What a connection is doing; see Line. */
export const Stage = Object.freeze({ ...Every, READY: 2, ASKING: 3 } as const);

export const SILENT_ENDS = Object.freeze([
	ending('dns', 'the name of the server did not resolve'),
	ending('connect', 'no connection to the server'),
	ending('closed', 'the connection ended'),
	ending('closed', 'the connection ended before the answer did'),
	ending('closed', 'the connection ended'),
]);

export const DOINGS = Object.freeze([
	'resolving the name',
	'connecting',
	'connected',
	'waiting for the answer',
	'ended',
]);
