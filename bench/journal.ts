import { VirtualFlash } from '../hosts/simulator/board/flash';
import { seededRandom32 } from '../hosts/simulator/random';
import { Journal } from '../modules/journal/journal';

const MEBIBYTE = 2 ** 20;
const BLOCK_LENGTH = 4096;
const BLOCKS = MEBIBYTE / BLOCK_LENGTH;
/** A reading, as src/sensing packs it. */
const PAYLOAD_BYTE_LENGTH = 19;
/** The guide's `saveBufferToEEPROM` rewrites a sector for each reading. */
const GUIDE_BYTES = 4096;
/** 4 KB sectors of NOR flash stand this many erases. */
const ENDURANCE = 100_000;
const READINGS_A_DAY = 86_400 / 30;

const reading = new Uint8Array(PAYLOAD_BYTE_LENGTH);
const number = new Intl.NumberFormat('en');
const format = (value: number, digits = 0): string =>
	new Intl.NumberFormat('en', { minimumFractionDigits: digits, maximumFractionDigits: digits }).format(value);

function open(flash: VirtualFlash): Journal {
	return new Journal({ flash, payloadByteLength: PAYLOAD_BYTE_LENGTH, random32: seededRandom32(1) });
}

interface Wear {
	readonly programmed: number;
	readonly erased: number;
	readonly operations: number;
	readonly flash: VirtualFlash;
}

/** Appends `count` readings and releases them in runs of `run`; what it cost each, once the ring has gone round. */
function steady(count: number, run: number): Wear {
	const flash = new VirtualFlash({ blocks: BLOCKS, blockLength: BLOCK_LENGTH });
	const journal = open(flash);
	const cycle = (readings: number): void => {
		for (let i = 0; i < readings; i += run) {
			for (let n = 0; n < run; n++) journal.append(reading);
			journal.releaseThrough(journal.nextSequence - 1);
		}
	};
	cycle(journal.capacity);
	const before = [flash.bytesWritten, flash.erases, flash.operations] as const;
	cycle(count);
	return {
		programmed: (flash.bytesWritten - before[0]) / count,
		erased: ((flash.erases - before[1]) * BLOCK_LENGTH) / count,
		operations: (flash.operations - before[2]) / count,
		flash,
	};
}

function recovery(flash: VirtualFlash): string {
	const twin = flash.fork();
	const start = performance.now();
	const journal = open(twin);
	const milliseconds = performance.now() - start;
	return (
		`${format(twin.reads)} reads, ${format(twin.bytesRead)} bytes, ${twin.writes} writes, ${twin.erases} erases ` +
		`(backlog ${format(journal.backlog)}; ${format(milliseconds, 1)} ms on Node)`
	);
}

/** What the journal costs: room, wear, and flash operations at boot. Prints nothing. */
export async function journalBench(): Promise<{ title: string; rows: [name: string, value: string, note?: string][] }> {
	const rows: [name: string, value: string, note?: string][] = [];
	const flash = new VirtualFlash({ blocks: BLOCKS, blockLength: BLOCK_LENGTH });
	const journal = open(flash);
	const empty = recovery(flash);
	while (journal.backlog < journal.capacity / 2) journal.append(reading);
	const half = recovery(flash);
	let held = 0;
	while (journal.dropped === 0) {
		held = journal.backlog;
		journal.append(reading);
	}
	rows.push(
		[
			'readings held in 1 MiB, filled until the first is dropped',
			format(held),
			'43,000 asked for at 24 bytes a reading',
		],
		['readings held just after a block was dropped', format(journal.backlog), 'the least, when full'],
		[
			'bytes of flash a reading, all included',
			format(MEBIBYTE / held, 2),
			`${PAYLOAD_BYTE_LENGTH} of them are the reading`,
		],
	);

	const rounds = journal.capacity * 2;
	for (const run of [1, 16]) {
		const wear = steady(rounds, run);
		const how = run === 1 ? 'released one by one' : `released in runs of ${run}`;
		rows.push(
			[
				`bytes programmed a reading, ${how}`,
				format(wear.programmed, 2),
				`guide: ${format(GUIDE_BYTES)}; write amplification ${format(wear.programmed / PAYLOAD_BYTE_LENGTH, 2)}`,
			],
			[
				`bytes erased a reading, ${how}`,
				format(wear.erased, 2),
				`guide: ${format(GUIDE_BYTES)}, ${format(GUIDE_BYTES / wear.erased)} times as much`,
			],
			[
				`flash operations a reading, ${how}`,
				format(wear.operations, 2),
				'append: a write, a read back; release: the same',
			],
		);
		if (run !== 1) continue;
		const erases = [...wear.flash.blockErases];
		const mean = erases.reduce((sum, count) => sum + count, 0) / BLOCKS;
		const years = (ENDURANCE * journal.capacity) / READINGS_A_DAY / 365;
		rows.push(
			[
				'erases of the most worn block against the mean',
				`${Math.max(...erases)} : ${format(mean, 2)}`,
				'even wear is 1 : 1',
			],
			[`years until ${number.format(ENDURANCE)} erases, a reading every 30 s`, format(years), 'guide: 35 days'],
		);
	}

	rows.push(
		['recovery of 1 MiB, nothing held', empty],
		['recovery of 1 MiB, half full', half],
		['recovery of 1 MiB, full', recovery(flash)],
	);
	return { title: 'Journal', rows };
}
