import type { Log } from '../../../modules/ports';
import type { DeviceReport } from '../../../src/report';
import type { DeskBoard } from '../board/desk-board';
import type { DoorProxy } from './proxy';
import type { Door, Scenario, Step } from './scenario';

export interface StageOptions {
	readonly scenario: Scenario;
	readonly doors: Readonly<Record<Door, Pick<DoorProxy, 'become'>>>;
	readonly boards: () => readonly DeskBoard[];
	readonly reports: () => readonly DeviceReport[];
	/** Gives a command to a device, as an operator does. */
	readonly command: (deviceId: string, command: string, commandArguments: object) => Promise<void>;
	/** How far the gateway of LoRaWAN is. */
	readonly move?: ((kilometres: number) => void) | undefined;
	readonly log: Log;
}

/** What came of a step. Seconds. */
export interface Mark {
	readonly at: number;
	readonly what: string;
	/** From the step to the next receipt, by route; a route that had none before the next step is not there. */
	readonly receiptAfter: Readonly<Record<string, number>>;
	/** The longest backlog until the next step. */
	readonly backlog: number;
}

const POLL_MILLISECONDS = 50;
/** How long a board is without power. */
const CUT_MILLISECONDS = 500;

/** Plays a scenario in real time, and keeps what came of each step. */
export class Stage {
	readonly #options: StageOptions;
	readonly #timers: NodeJS.Timeout[] = [];
	readonly #began = performance.now();
	readonly #marks: { at: number; what: string; receiptAfter: Record<string, number>; backlog: number }[] = [];
	#delivered = new Map<string, number>();

	constructor(options: StageOptions) {
		this.#options = options;
		this.#mark('the start');
		for (const step of options.scenario.steps) {
			this.#at(step.at, () => this.#begin(step));
			if (step.until !== undefined) this.#at(step.until, () => this.#end(step));
		}
		this.#timers.push(setInterval(() => this.#look(), POLL_MILLISECONDS));
	}

	get marks(): readonly Mark[] {
		return this.#marks;
	}

	/** Nothing more happens; what is bad stays bad. */
	close(): void {
		for (const timer of this.#timers) clearTimeout(timer);
	}

	get #now(): number {
		return (performance.now() - this.#began) / 1000;
	}

	#at(seconds: number, run: () => Promise<void> | void): void {
		const act = async (): Promise<void> => {
			try {
				await run();
			} catch (error) {
				this.#options.log('error', 'scenario', (error as Error).message);
			}
		};
		this.#timers.push(setTimeout(act, seconds * 1000));
	}

	#mark(what: string): void {
		this.#look();
		this.#options.log('info', 'scenario', what);
		this.#marks.push({ at: Math.round(this.#now * 10) / 10, what, receiptAfter: {}, backlog: 0 });
	}

	/** Whatever was delivered since the last look belongs to the newest step. */
	#look(): void {
		const mark = this.#marks.at(-1);
		const now = new Map<string, number>();
		let backlog = 0;
		for (const report of this.#options.reports()) {
			backlog += report.backlog;
			for (const { name, delivered } of report.routes) now.set(name, (now.get(name) ?? 0) + delivered);
		}
		if (mark) {
			mark.backlog = Math.max(mark.backlog, backlog);
			for (const [name, delivered] of now)
				if (delivered > (this.#delivered.get(name) ?? 0))
					mark.receiptAfter[name] ??= Math.round((this.#now - mark.at) * 10) / 10;
		}
		this.#delivered = now;
	}

	async #begin(step: Step): Promise<void> {
		this.#mark(step.note ?? describe(step));
		await this.#do(step, true);
	}

	async #end(step: Step): Promise<void> {
		this.#mark(`over: ${step.note ?? describe(step)}`);
		await this.#do(step, false);
	}

	async #do(step: Step, isOn: boolean): Promise<void> {
		const { doors, boards, reports, command, move } = this.#options;
		if ('doors' in step)
			await Promise.all(step.doors.map((door) => doors[door].become(isOn ? step.weather : { is: 'good' })));
		else if ('command' in step) {
			if (!isOn) return;
			for (const { deviceId } of reports()) await command(deviceId, step.command, step.arguments ?? {});
		} else if ('kilometres' in step) {
			if (isOn) move?.(step.kilometres);
		} else for (const board of boards()) this.#toBoard(board, step, isOn);
	}

	#toBoard(board: DeskBoard, step: Step, isOn: boolean): void {
		if ('wifi' in step) board.world.isReachable = !isOn;
		else if ('names' in step) board.world.resolves = !isOn;
		else if ('finger' in step) board.world.finger = !isOn;
		else if ('fever' in step) board.world.feverCelsius = isOn ? step.fever : undefined;
		else if ('clock' in step) {
			const { clock } = step;
			board.world.setClock((now) => (!isOn ? Date.now() : 'set' in clock ? clock.set : now + clock.jump));
		} else if ('power' in step && isOn) {
			board.world.cutPower();
			this.#timers.push(setTimeout(() => board.world.powerOn(), CUT_MILLISECONDS));
		}
	}
}

function describe(step: Step): string {
	if ('doors' in step) {
		const { is, ...more } = step.weather;
		const details = Object.entries(more).map(([name, value]) => `${name} ${value}`);
		return `${step.doors.join(', ')}: ${[is, ...details].join(', ')}`;
	}
	if ('wifi' in step) return 'Wi-Fi is out of reach';
	if ('names' in step) return 'names do not resolve';
	if ('finger' in step) return 'no finger on the sensor';
	if ('fever' in step) return `a fever of ${step.fever} °C`;
	if ('clock' in step)
		return `the clock ${'set' in step.clock ? `says ${new Date(step.clock.set).toISOString()}` : `jumps by ${step.clock.jump} ms`}`;
	if ('power' in step) return 'the power is cut';
	if ('kilometres' in step) return `the gateway is ${step.kilometres} km away`;
	return `command ${step.command}`;
}
