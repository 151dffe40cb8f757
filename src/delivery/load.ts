import type { Lane } from './lane';
import type { Mail } from './mail';
import type { Part, Readings } from './readings';

/** What there is to carry, and who may. */
export interface Load {
	/** Best first. */
	readonly lanes: readonly Lane[];
	/** The most urgent first. */
	readonly mails: readonly Mail[];
	readonly readings: Readings;
	/** Nothing is left that goes packed. */
	hasNoMore: boolean;
	/** What is next has no time yet: to be looked at again soon. */
	undated(): void;
}

/** From so many readings on, a backlog goes in batches by a route that takes them, beside the one that carries. */
const BULK_READINGS = 200;

/** Gives the lanes what each is to carry now, as far as they take it: mails first, then a proof, then the readings. */
export function loadLanes(load: Load, carrier: Lane | undefined): void {
	const { lanes, mails } = load;
	for (const mail of mails)
		for (const lane of lanes) if (mail.everywhere ? lane.isOpen : lane === carrier) fillMail(lane, mail);
	if (!carrier) return;
	for (const lane of lanes) {
		if (lane === carrier) break;
		if (lane.state === 'proving' && lane.inFlight === 0) prove(load, lane);
	}
	if (carrier.isPacked) {
		fillPacked(load, carrier);
		return;
	}
	fill(load, carrier, 'fresh');
	fill(load, bulk(load, carrier) ?? carrier, 'backlog');
}

/** Another lane for the backlog, if that is long: it takes batches, and what is new does not wait behind them. */
function bulk({ lanes, readings }: Load, carrier: Lane): Lane | undefined {
	if (carrier.route.batchLimit > 1 || readings.pending < BULK_READINGS) return undefined;
	return lanes.find((lane) => lane.canCarry && lane.route.batchLimit > 1);
}

function fillMail(lane: Lane, mail: Mail): void {
	for (let after = 0; !lane.isFull && lane.isOpen; ) {
		const letter = mail.next(after);
		if (!letter) return;
		after = letter.sequence;
		const { id, packed } = letter;
		const { channel } = mail;
		const body = lane.isPacked ? packed : letter.body;
		if (body === undefined) continue;
		if (body.byteLength <= (lane.route.packedRoom ?? body.byteLength))
			lane.send({ channel, sequence: mail.base + letter.sequence, id, body });
		// In short, once, and without a receipt: the whole of it goes when there is room.
		else if (after > (mail.shown ?? after) && lane.send({ channel, sequence: undefined, id, body })) mail.shown = after;
	}
}

/** One record, to see whether its receipt comes. */
function prove({ readings }: Load, lane: Lane): void {
	const part: Part = readings.next('fresh', 1) ? 'fresh' : 'backlog';
	const parcel = readings.next(part, 1);
	if (parcel && lane.send(parcel)) readings.taken(part, parcel);
}

function fillPacked(load: Load, lane: Lane): void {
	load.hasNoMore = false;
	while (!lane.isFull && lane.canCarry) {
		const message = load.readings.newest(lane.route.packedRoom!);
		load.hasNoMore = !message && !load.readings.isUndated;
		if (!message && load.readings.isUndated) load.undated();
		if (!message || !lane.send(message)) return;
		if (message.sequence === undefined) load.readings.shown();
	}
}

function fill(load: Load, lane: Lane, part: Part): void {
	const { batchLimit } = lane.route;
	while (!lane.isFull && lane.canCarry) {
		// A route of batches answers one before it takes another: the next is not written before there is a use for it.
		if (batchLimit > 1 && lane.inFlight > 0) return;
		const parcel = load.readings.next(part, batchLimit);
		if (!parcel) {
			if (load.readings.isUndated) load.undated();
			return;
		}
		if (!lane.send(parcel)) return;
		load.readings.taken(part, parcel);
	}
}
