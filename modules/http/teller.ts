import { Fault } from '../fault';
import type { Route } from '../ports';
import type { Letter } from './letter';
import { Item, type Said } from './verdict';

/** To whom is told. */
export interface Told extends Pick<Route, 'listener'> {
	/** False from the moment on that nothing may be told any more: any callback may close the route. */
	readonly isOpen: boolean;
	/** So many commands of an answer are not for use. */
	leaveOut(commands: number): void;
}

/** Tells what a server said of a message that it took. Returns of how many readings the server says nothing. */
export function tell(route: Told, { batch, sequence }: Letter, said: Said): number {
	let unknown = 0;
	if (batch) unknown = tellBatch(route, batch, said);
	else if (sequence !== undefined) route.listener?.onReceipt(sequence);
	const leftOut = said.eachCommand((body) => {
		if (route.isOpen) route.listener?.onMessage(body);
	});
	if (leftOut > 0) route.leaveOut(leftOut);
	return unknown;
}

function tellBatch(route: Told, batch: readonly number[], said: Said): number {
	const verdicts = said.verdicts(batch);
	let unknown = 0;
	for (let index = 0; index < batch.length && route.isOpen; index++) {
		const { item, words } = verdicts[index]!;
		if (item === Item.KEPT) route.listener?.onReceipt(batch[index]!);
		else if (item === Item.UNKNOWN) unknown++;
		else route.listener?.onRefused(batch[index]!, new Fault('refused', `refused: ${words || 'no reason given'}`));
	}
	return unknown;
}
