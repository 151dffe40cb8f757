/** How a board starts, and how it ends. */
import config from 'mc/config';
import Time from 'time';
import Timer from 'timer';
import { Fault } from '../../modules/fault';
import type { Log } from '../../modules/ports';
import { LastWord } from '../../modules/sleep/last-word';
import { BoardPower } from '../../modules/sleep/power';
import { chip } from '../../modules/sleep/sleep';
import { EARLIEST_TIME } from '../../modules/time/window';
import { start as startFirmware } from '../../src/main';
import { type Board, checkBoard } from './board';
import { BoardClock, type TimerPart } from './clock';
import { makeHost } from './host';
import { firstLevel, uartLog } from './log';
import { isDiagnosis, print, setPin } from './os';
import type { BoardParts, Config } from './parts';

/** Milliseconds until it restarts: a fault at the start, such as a board without a journal, stays while it restarts. */
const AGAIN = 60_000;

/** Starts the firmware on this board; its main.ts says with which parts. */
export function start(board: Board, parts: BoardParts): void {
	const options = config as unknown as Config;
	const floor = Math.max(EARLIEST_TIME, (Number(options.built) || 0) * 1000);
	const clock = new BoardClock({ timer: Timer as unknown as TimerPart<object>, time: Time, now: Date.now, floor });
	const levelled = uartLog({ print, ticks: () => clock.ticks, upTo: firstLevel(options.log, isDiagnosis()) });
	const { log } = levelled;
	const lastWord = new LastWord(chip.note());
	const said = lastWord.take();
	// The SDK calls this before it ends a machine (see `abortHook` in the manifest). There may be no memory left for a log line.
	(globalThis as { abort?: unknown }).abort = (why: string, thrown: unknown) => {
		lastWord.say(why);
		if (why !== 'memory full') lastWord.say(`${why}: ${Fault.from(thrown, 'misuse').message}`);
	};
	try {
		checkImage(board, parts, options);
		const power = powerOf(board, said !== undefined);
		if (said !== undefined) log('error', 'host', `the machine before this one ended: ${said}`);
		log('info', 'host', `${board.name}, reset: ${power.reset}`);
		feed(board, parts, log);
		startFirmware(makeHost({ board, parts, power, chipClock: clock, levelled, floor, config: options }));
		// What starts is kept; what does not is gone at the next reset.
		if (chip.isPending())
			log('info', 'host', chip.markValid() === 0 ? 'the new image is kept' : 'the new image is not kept');
	} catch (thrown) {
		const { code, message } = Fault.from(thrown, 'misuse');
		log('error', 'host', `${code}: ${message}; restart in ${AGAIN / 1000} s`);
		clock.alarm({ onAlarm: () => chip.restart() }).set(AGAIN);
	}
}

/** @throws Fault when the board cannot be what it says, or the image was put together for another */
function checkImage(board: Board, { link, sensors, lora, rails }: BoardParts, { chip }: Config): void {
	checkBoard(board);
	const { name } = board;
	if (board.chip !== chip) throw new Fault('misuse', `${name} has an ${board.chip}, this image is for ${chip}`);
	if (board.link !== link.kind) throw new Fault('misuse', `${name} has ${board.link}, this image ${link.kind}`);
	const has = [sensors, lora, rails].map((part) => part !== undefined);
	const names = [board.sensors.length > 0, board.lora !== undefined, board.feeds?.rails !== undefined];
	if (has.some((part, at) => part !== names[at])) throw new Fault('misuse', `${name}: this image has not its parts`);
}

/** A part without power is one that does not answer: what can be done without it goes on. */
function feed(board: Board, { rails }: BoardParts, log: Log): void {
	for (const { pin, level } of board.feeds?.pins ?? []) setPin(pin, level === 'high');
	if (!board.feeds?.rails) return;
	try {
		rails?.(board, board.feeds.rails);
	} catch (thrown) {
		log('error', 'host', `parts are not fed: ${Fault.from(thrown, 'sensor').message}`);
	}
}

function powerOf({ wake }: Board, crashed: boolean): BoardPower {
	if (!wake) return new BoardPower({ chip, crashed });
	const wakePins = wake.pins.map((pin) => ({ pin, level: wake.level }));
	return new BoardPower({ chip, crashed, wakePins, source: wake.source });
}
