import { Fault } from '../fault';
import type { Route } from '../ports';
import type { JsonObject } from '../text/json';
import type { Letter } from './letter';
import { commandsOf, Item, itemsOf, wordsOfItem } from './verdict';

interface TellerOptions {
	readonly route: Pick<Route, 'onReceipt' | 'onRefused' | 'onMessage'>;
	/** False from the moment on that nothing may be told any more: any callback may close the route. */
	readonly isOpen: () => boolean;
	readonly onLeftOut: (commands: number) => void;
}

/** Tells what a server said of a message that it took. */
export class Teller {
	readonly #options: TellerOptions;

	constructor(options: TellerOptions) {
		this.#options = options;
	}

	/** Returns of how many readings the server says nothing. */
	tell({ batch, sequence }: Letter, said: JsonObject): number {
		let unknown = 0;
		if (batch) unknown = this.#tellBatch(batch, said);
		else if (sequence !== undefined) this.#options.route.onReceipt?.(sequence);
		this.#tellCommands(said);
		return unknown;
	}

	#tellBatch(batch: readonly number[], said: JsonObject): number {
		const { route, isOpen } = this.#options;
		const items = itemsOf(said, batch);
		let unknown = 0;
		for (let index = 0; index < batch.length && isOpen(); index++) {
			const sequence = batch[index]!;
			if (items[index] === Item.KEPT) route.onReceipt?.(sequence);
			else if (items[index] === Item.REFUSED)
				route.onRefused?.(sequence, new Fault('refused', `refused: ${wordsOfItem(said, index) || 'no reason given'}`));
			else unknown++;
		}
		return unknown;
	}

	#tellCommands(said: JsonObject): void {
		const { route, isOpen, onLeftOut } = this.#options;
		const { bodies, leftOut } = commandsOf(said);
		if (leftOut > 0) onLeftOut(leftOut);
		for (const body of bodies) if (isOpen()) route.onMessage?.(body);
	}
}
