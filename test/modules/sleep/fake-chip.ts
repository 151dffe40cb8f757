import { type Chip, Fact, Reset } from '../../../modules/sleep/chip';

/** A chip that writes down what it is told, and ends the "machine" with an exception where a real one ends it. */
export class FakeChip implements Chip {
	readonly calls: string[] = [];
	readonly memory = new Uint8Array(4096);
	readonly noteBytes = new Uint8Array(128);
	reset: number = Reset.POWERON;
	causes = 0;
	wakeable: readonly number[] = [];
	refusesSleep = false;
	wakeResult = 0;
	pending = false;
	facts: Readonly<Record<number, number>> = {
		[Fact.MODEL]: 1,
		[Fact.REVISION]: 301,
		[Fact.CORES]: 2,
		[Fact.HEAP_FREE]: 123_456,
		[Fact.HEAP_MINIMUM]: 100_000,
		[Fact.HEAP_LARGEST]: 65_536,
	};

	resetReason = () => this.reset;
	wakeCauses = () => this.causes;
	retained = () => this.memory;
	note = () => this.noteBytes;
	canWake = (pin: number) => this.wakeable.includes(pin);
	wakeOn = (source: number, pins: number, high: boolean) => {
		this.calls.push(`wake ${source} ${pins} ${high}`);
		return this.wakeResult;
	};
	sleep = (ms: number) => {
		this.calls.push(`sleep ${ms}`);
		if (!this.refusesSleep) throw new Asleep();
		return 259;
	};
	restart = () => {
		this.calls.push('restart');
		throw new Restarted();
	};
	fact = (which: number) => this.facts[which] ?? -1;
	idfVersion = () => 'v6.0';
	feedWatchdog = () => void this.calls.push('feed');
	isPending = () => this.pending;
	markValid = () => {
		this.calls.push('valid');
		return 0;
	};
	random32 = () => 4;
}

export class Asleep extends Error {}
export class Restarted extends Error {}
