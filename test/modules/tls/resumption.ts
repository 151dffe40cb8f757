/** The same server met several times: what a session is good for, and what it is not. */
import type { World } from './cases';
import { spoken } from './cases';
import { server } from './certificates';
import { type Peer, tlsPeer } from './peers';
import type { Outcome, Trial } from './plan';
import type { Device } from './run';

export interface Story {
	readonly name: string;
	readonly needs13: boolean;
	/** Gives every reason why it is not as it must be. */
	run(device: Device, world: World): Promise<string[]>;
}

const DAY = 86_400_000;
/** Where in a session the name, CA and certificate are bound (ticket.ts). */
const BINDING = 20;

function changed(session: string, at: number): string {
	const bytes = Buffer.from(session, 'base64');
	bytes[at]! ^= 1;
	return bytes.toString('base64');
}

function story(version: 'TLSv1.2' | 'TLSv1.3'): Story {
	return {
		name: `${version}: sessions`,
		needs13: version === 'TLSv1.3',
		async run(device, world) {
			const wrong: string[] = [];
			const serves = async (): Promise<Peer> =>
				tlsPeer(await server(world.root), { minVersion: version, maxVersion: version });
			const peer = await serves();
			const stranger = await serves();
			const meet = (trial: Partial<Trial>, at = peer): Promise<Outcome> =>
				device.run({ port: at.port, ca: world.root.pem, ...trial });
			const expect = (what: string, outcome: Outcome, resumed: boolean): void => {
				if (outcome.errors.length || outcome.strays.length) wrong.push(`${what}: ${outcome.errors} ${outcome.strays}`);
				else if (outcome.received !== 'hello') wrong.push(`${what}: no answer`);
				if (outcome.resumed !== resumed) wrong.push(`${what}: ${resumed ? 'not resumed' : 'resumed'}`);
			};
			try {
				const first = await meet({});
				expect('the first time', first, false);
				const said = spoken(first, peer);
				if (said !== undefined) wrong.push(said);
				const session = first.sessions.at(-1) ?? '';
				const again = await meet({ session });
				expect('resumed', again, true);
				if (peer.notes.join() !== 'full,reused') wrong.push(`the server says ${peer.notes}`);
				expect('what the second time gave', await meet({ session: again.sessions.at(-1) ?? session }), true);
				expect('for another', await meet({ session: changed(session, BINDING) }), false);
				expect('no session at all', await meet({ session: Buffer.from('noise').toString('base64') }), false);
				expect('cut short', await meet({ session: session.slice(0, 80) }), false);
				expect('at a server that does not know it', await meet({ session }, stranger), false);
				const late = await meet({ session, time: Date.now() + 400 * DAY });
				if (late.errors.join() !== 'tls: certificate expired') wrong.push(`after the chain ended: ${late.errors}`);
			} finally {
				peer.close();
				stranger.close();
			}
			return wrong;
		},
	};
}

export const stories: readonly Story[] = [story('TLSv1.2'), story('TLSv1.3')];
