/**
 * The trials: whom the device meets, and what must come of it. They know nothing of what runs the device code; `judge`
 * holds an outcome against a case.
 */
import type { Identity } from './certificates';
import type { Peer } from './peers';
import { type Outcome, SECRET, type Trial } from './plan';

/** What every case may use. */
export interface World {
	/** The authority that the device trusts: P-256. */
	readonly root: Identity;
	/** The library speaks TLS 1.3 too. */
	readonly tls13: boolean;
}

export interface Scene {
	readonly peer: Peer;
	readonly trial?: Partial<Trial>;
}

export interface Case {
	readonly name: string;
	readonly set: (world: World) => Promise<Scene>;
	/** What the one onError must say ("code: message"); undefined: all goes well. */
	readonly refused?: RegExp;
	/** The constructor throws this. */
	readonly throws?: RegExp;
	/** The peer was good at first: the device has spoken before it failed. */
	readonly opened?: boolean;
	/** No error, and no answer awaited: the device closes by itself. */
	readonly silent?: boolean;
	/** Only with a library that has TLS 1.3. */
	readonly needs13?: boolean;
	readonly also?: (outcome: Outcome, peer: Peer) => string | undefined;
}

/** Every reason why the outcome is not what the case wants. */
export function judge(trial: Case, outcome: Outcome, peer: Peer): string[] {
	const wrong: string[] = outcome.strays.map((stray) => `stray: ${stray}`);
	const want = (good: boolean, words: string): void => {
		if (!good) wrong.push(words);
	};
	const { errors, threw } = outcome;
	const wire = Buffer.concat(peer.wire);
	want(!wire.includes('secret'), 'the secret is on the wire in the clear');
	if (trial.throws) want(threw !== undefined && trial.throws.test(threw), `threw ${threw}, not ${trial.throws}`);
	else want(threw === undefined, `threw ${threw}`);
	if (trial.refused) {
		want(errors.length === 1, `${errors.length} errors: ${errors.join(' | ')}`);
		want(
			errors.every((error) => trial.refused!.test(error)),
			`"${errors.join(' | ')}", not ${trial.refused}`,
		);
	} else want(errors.length === 0, `errors: ${errors.join(' | ')}`);
	if (trial.refused || trial.throws) {
		want(outcome.opened === (trial.opened ?? false), outcome.opened ? 'it opened' : 'it never opened');
		if (!trial.opened) want(peer.heard.length === 0, `the peer heard ${JSON.stringify(peer.heard.join(''))}`);
	} else if (!trial.silent) want(outcome.opened, 'it never opened');
	const more = trial.also?.(outcome, peer);
	if (more !== undefined) wrong.push(more);
	return wrong;
}

/** The device said all it had to say, and got its answer. */
export function spoken(outcome: Outcome, peer: Peer): string | undefined {
	if (outcome.received !== 'hello') return `received ${JSON.stringify(outcome.received)}`;
	if (peer.heard.join('') !== SECRET) return `the peer heard ${JSON.stringify(peer.heard.join(''))}`;
	return undefined;
}
