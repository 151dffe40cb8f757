import { Fault } from '../fault';
import type { Route } from '../ports';
import type { Letter } from './letter';
import { Item, type Said } from './verdict';

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
	tell({ batch, sequence }: Letter, said: Said): number {
		let unknown = 0;
		if (batch) unknown = this.#tellBatch(batch, said);
		else if (sequence !== undefined) this.#options.route.onReceipt?.(sequence);
		this.#tellCommands(said);
		return unknown;
	}

	#tellBatch(batch: readonly number[], said: Said): number {
		const { route, isOpen } = this.#options;
		const verdicts = said.verdicts(batch);
		let unknown = 0;
		for (let index = 0; index < batch.length && isOpen(); index++) {
			const { item, words } = verdicts[index]!;
			if (item === Item.KEPT) route.onReceipt?.(batch[index]!);
			else if (item === Item.UNKNOWN) unknown++;
			else route.onRefused?.(batch[index]!, new Fault('refused', `refused: ${words || 'no reason given'}`));
		}
		return unknown;
	}

	#tellCommands(said: Said): void {
		const { route, isOpen, onLeftOut } = this.#options;
		const leftOut = said.eachCommand((body) => {
			if (isOpen()) route.onMessage?.(body);
		});
		if (leftOut > 0) onLeftOut(leftOut);
	}
}
