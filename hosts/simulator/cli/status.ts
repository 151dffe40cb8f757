import { createLogUpdate } from 'log-update';
import pc from 'picocolors';
import type { DeviceReport } from '../../../src/device';

/** More devices than this are summed up in one line. */
const SHOWN = 12;
const REFRESH_MILLISECONDS = 500;

/** A live table under the log, on a terminal only. */
export class LiveStatus {
	readonly #stream: NodeJS.WriteStream;
	readonly #update: ReturnType<typeof createLogUpdate>;
	readonly #draw: () => string;
	readonly #timer: NodeJS.Timeout;

	constructor(stream: NodeJS.WriteStream, draw: () => string) {
		this.#stream = stream;
		this.#draw = draw;
		this.#update = createLogUpdate(stream);
		this.#timer = setInterval(() => this.#update(draw()), REFRESH_MILLISECONDS);
	}

	/** Writes log text above the table. */
	write(text: string): void {
		this.#update.clear();
		this.#stream.write(text);
		this.#update(this.#draw());
	}

	close(): void {
		clearInterval(this.#timer);
		this.#update(this.#draw());
		this.#update.done();
	}
}

/** The table's text: one line a device, and a line for the server. */
export function drawStatus(reports: readonly DeviceReport[], server: string): string {
	const lines = reports.slice(0, SHOWN).map((report) => {
		const routes = report.routes.map(({ name, state, inFlight }) => {
			const word = state === 'open' ? pc.green(state) : pc.yellow(state);
			return `${name} ${word}${inFlight > 0 ? ` (${inFlight} in flight)` : ''}`;
		});
		const backlog = report.backlog > 0 ? pc.yellow(`${report.backlog} to deliver`) : 'all delivered';
		const dropped =
			report.dropped + report.damaged > 0 ? pc.red(`, ${report.dropped + report.damaged} lost on the board`) : '';
		return `${pc.bold(report.deviceId)}  ${report.sampled} taken, ${report.released} delivered, ${backlog}${dropped}  ${routes.join(' ')}`;
	});
	if (reports.length > SHOWN) lines.push(pc.dim(`and ${reports.length - SHOWN} devices more`));
	return [...lines, server].join('\n');
}
