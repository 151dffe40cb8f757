import { Command, Option } from 'commander';
import { Fault } from '../../../modules/fault';
import { type PpgEstimate, PpgEstimator } from '../../../modules/ppg/estimator';
import { readPpg } from '../vitals/recording';
import { numberWithin } from './options';
import { onClosedPipe } from './run';

const program = new Command('npm run vitals --')
	.description(
		'Heart rate and oxygen saturation of a recorded photoplethysmogram, by the estimator of the firmware. Not a medical device.',
	)
	.argument('<file.csv>', 'one row a sample, plain or .gz; - for standard input')
	.addOption(
		new Option('--rate <hz>', 'samples a second, 20 to 400')
			.argParser(numberWithin(20, 400, false))
			.makeOptionMandatory(),
	)
	.option('--red <column>', 'the red channel, or the only one: a name of the header, or a number from 1')
	.option('--infrared <column>', 'the infrared channel, likewise; without it there is heart rate and no oxygen')
	.addOption(
		new Option(
			'--full-scale <count>',
			'what the converter gives at most (262143 for a MAX30102): tells a bare sensor',
		).argParser(numberWithin(1e-9, 2 ** 53, false)),
	)
	.option('--json', 'one JSON object a second, with perfusion, ratio and LED advice')
	.addHelpText(
		'after',
		`
Output, one line a second under a header line:
  second,heart_rate,spo2,quality,reason
  second      0 is the first second of the recording; the line is what was known at its end
  heart_rate  beats a minute, empty when it cannot be trusted
  spo2        percent, by the MAX30102's published calibration; empty likewise, or with one channel
  quality     of the pulse, 0 to 100
  reason      why a field is empty: no finger, settling, saturated, weak, motion, irregular;
              of spo2 alone: swapped (red and infrared), out of range, unsteady

Columns are counts or any scale (0 to 1, 8 bits of a camera, 18 bits of a MAX30102, an amplifier's plus and minus). Unless
named, they are found by the header (red, r, ir, infrared, ppg …) or, without one, taken in order: red, infrared; a
column of time is passed over. Lines that begin with # are comments. Where a cell is empty or NaN, the sample before is held.

Examples:
  npm run vitals -- recording.csv --rate 100
  npm run vitals -- camera.csv.gz --rate 30 --red red
  npm run vitals -- counts.csv --rate 25 --red 2 --infrared 3 --full-scale 262143 --json

Exit status: 0 when the file was read to its end, 1 when it could not be, 2 for a wrong option.`,
	);

interface Given {
	rate: number;
	red?: string;
	infrared?: string;
	fullScale?: number;
	json?: boolean;
}

const rounded = (value: number | undefined, digits: number): number | null =>
	value === undefined ? null : Number(value.toFixed(digits));

function asCsv(second: number, estimate: Readonly<PpgEstimate>, two: boolean): string {
	const { heartRateBpm, spo2Percent, quality, reason, oxygenReason } = estimate;
	const why = reason ?? (two ? oxygenReason : undefined) ?? '';
	return `${second},${heartRateBpm?.toFixed(1) ?? ''},${spo2Percent?.toFixed(1) ?? ''},${quality},${why}`;
}

function asJson(second: number, estimate: Readonly<PpgEstimate>): string {
	return JSON.stringify({
		second,
		heart_rate: rounded(estimate.heartRateBpm, 1),
		spo2: rounded(estimate.spo2Percent, 1),
		quality: estimate.quality,
		reason: estimate.reason ?? null,
		spo2_reason: estimate.oxygenReason ?? null,
		perfusion: rounded(estimate.perfusionPercent, 3),
		ratio: rounded(estimate.ratio, 3),
		swapped: estimate.swapped,
		led_advice: estimate.ledAdvice,
	});
}

async function main(file: string, given: Given): Promise<number> {
	const { rate, red, infrared, fullScale, json } = given;
	let second = 0;
	const write = (line: string): void => {
		process.stdout.write(`${line}\n`);
	};
	onClosedPipe(() => process.exit(0));
	try {
		const { count, line } = await readPpg(file, { red, infrared }, (columns) => {
			const two = columns.infrared !== undefined;
			const estimator = new PpgEstimator({ rateHz: rate, infrared: two, ...(fullScale && { fullScale }) });
			if (!json) write('second,heart_rate,spo2,quality,reason');
			return (redSample, infraredSample) => {
				if (!estimator.push(redSample, infraredSample)) return;
				write(json ? asJson(second, estimator.estimate) : asCsv(second, estimator.estimate, two));
				second++;
			};
		});
		if (count > 0)
			process.stderr.write(`${file}: samples missing: ${count}, from line ${line}; the one before was held\n`);
		return 0;
	} catch (error) {
		process.stderr.write(`${(error as Error).message}\n`);
		return error instanceof Fault && error.code === 'range' ? 2 : 1;
	}
}

program.exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2));
program.parse();
process.exitCode = await main(program.args[0]!, program.opts<Given>());
