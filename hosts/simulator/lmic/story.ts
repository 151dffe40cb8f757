import { Port, READING_BYTE_LENGTH, SHORT_BYTE_LENGTH } from '../../../modules/lora/payload';
import { Trial, type TrialOptions } from './trial';

export interface StoryOptions extends TrialOptions {
	/** Deep sleeps of ten minutes. */
	readonly sleeps: number;
	/** Power cuts in the middle of what goes on; as many again while it joins. */
	readonly cuts: number;
}

/** What came of it. */
export interface StoryCounts {
	readonly joinedAfterSeconds: number;
	/** Uplinks that were acknowledged, of those that asked for it and were not cut short. */
	readonly acknowledged: number;
	readonly asked: number;
	readonly frames: number;
	readonly retransmitted: number;
	readonly joinRequests: number;
	readonly joins: number;
	/** Must be 0: another frame under a used counter, a nonce once more; as sent, and as the network server counts. */
	readonly repeatedCounters: number;
	readonly repeatedNonces: number;
	/** As the network server had them, by port. */
	readonly ports: Readonly<Record<number, number>>;
	/** Must be 0: payloads that are not as they were sent. */
	readonly garbled: number;
	/** Commands that came, of those that were sent: a downlink is sent once. */
	readonly commands: number;
	readonly told: number;
	readonly flashWrites: number;
	readonly virtualHours: number;
	/** Of each band: its share of the busiest hour, in percent, and what it may have. */
	readonly shares: readonly { readonly percent: number; readonly allowed: number }[];
}

const COMMAND = Buffer.from('50026131', 'hex');
const TEN_MINUTES = 600_000;

/** A device's life: it joins, sends on ports 1, 2 and 3, obeys a command, sleeps, and loses its power at every moment. */
export function lmicStory(options: StoryOptions): StoryCounts {
	const { sleeps, cuts, region } = options;
	const trial = new Trial(options);
	const { random32 } = trial;
	const given: string[] = [];
	let [asked, acknowledged, told] = [0, 0, 0];
	const payload = (length: number): Uint8Array => {
		const bytes = new Uint8Array(length).map(() => random32() & 255);
		given.push(Buffer.from(bytes).toString('hex'));
		return bytes;
	};
	const uplink = (port: number, length: number): void => {
		trial.until(() => trial.isReady);
		asked++;
		if (trial.uplink(port, payload(Math.min(length, trial.lmic.room)), true)) acknowledged++;
	};
	const command = (): void => {
		trial.push(Port.COMMAND, COMMAND);
		told++;
	};
	trial.start();
	trial.until(() => trial.lmic.state === 'joined');
	const joinedAfterSeconds = trial.time.now / 1000;
	trial.uplink(Port.SHORT, payload(SHORT_BYTE_LENGTH), false);
	command();
	// ADR has its say, where the first data rate has no room for a whole reading.
	for (let at = 0; at < 10 || trial.lmic.room < READING_BYTE_LENGTH; at++) {
		if (at === 40) throw new Error(`the room for an uplink is still ${trial.lmic.room} bytes`);
		uplink(Port.SHORT, SHORT_BYTE_LENGTH);
	}
	uplink(Port.READING, READING_BYTE_LENGTH);
	uplink(Port.ALERT, 22);
	for (let at = 0; at < sleeps; at++) {
		trial.sleep(TEN_MINUTES);
		uplink(Port.READING, READING_BYTE_LENGTH);
	}
	command();
	uplink(Port.SHORT, SHORT_BYTE_LENGTH);
	for (let at = 0; at < cuts; at++) {
		trial.stop();
		trial.time.advance(random32() % 2_000);
		trial.start();
		trial.begin(Port.ALERT, payload(SHORT_BYTE_LENGTH), true);
		trial.time.advance(random32() % 3_000);
		if (at % 3 === 0) continue;
		trial.until(() => trial.isReady);
		uplink(Port.SHORT, SHORT_BYTE_LENGTH);
	}
	trial.stop();
	for (let at = 0; at < cuts; at++) {
		trial.forget();
		trial.start();
		// Up to five minutes it waits, for nobody knows what it sent before the power went.
		trial.time.advance(random32() % (at % 2 === 0 ? 20_000 : 400_000));
		trial.stop();
	}
	trial.start();
	uplink(Port.SHORT, SHORT_BYTE_LENGTH);
	trial.stop();
	const { records, network, uplinks, downlinks } = trial;
	const ports: Record<number, number> = {};
	for (const { port } of uplinks) ports[port] = (ports[port] ?? 0) + 1;
	const sent = new Set(given);
	const commands = downlinks.filter(
		({ port, payload }) => port === Port.COMMAND && payload === COMMAND.toString('hex'),
	);
	return {
		joinedAfterSeconds,
		acknowledged,
		asked,
		frames: records.frames.length,
		retransmitted: records.retransmitted,
		joinRequests: records.joinRequests,
		joins: network.counts.joins,
		repeatedCounters: records.repeatedCounters + network.counts.repeatedCounters,
		repeatedNonces: records.repeatedNonces + network.counts.repeatedNonces,
		ports,
		garbled: uplinks.filter(({ payload }) => !sent.has(payload.toString('hex'))).length,
		commands: commands.length,
		told,
		flashWrites: trial.store.writes,
		virtualHours: trial.time.now / 3_600_000,
		shares: records.busiestHours(region.bands).map((busiest, at) => ({
			percent: busiest / 36_000,
			allowed: 100 * region.bands[at]!.duty,
		})),
	};
}
