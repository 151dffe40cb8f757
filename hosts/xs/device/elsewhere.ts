import { Fault } from '../../../modules/fault';

/** What a client of the other side finds below it is there too; nobody may make one here. */
export class Elsewhere {
	format = 'buffer' as const;

	constructor() {
		throw new Fault('misuse', 'the socket and the resolver are on the other side');
	}

	resolve(): void {}

	read(): undefined {
		return undefined;
	}

	write(): number {
		return 0;
	}

	close(): void {}
}
