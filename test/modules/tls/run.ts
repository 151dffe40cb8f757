/** Runs cases on whatever runs the device code. */
import { type Case, judge, type World } from './cases';
import { byteCases } from './cases-bytes';
import { certificateCases } from './cases-certificates';
import { goodCases } from './cases-good';
import { middleCases } from './cases-middle';
import { authority } from './certificates';
import type { Outcome, Trial } from './plan';

/** Something that runs agent.ts. Ends with an error when the machine does. */
export interface Device {
	/** TLS 1.3 is in its library. */
	readonly tls13: boolean;
	run(trial: Trial): Promise<Outcome>;
}

export const cases: readonly Case[] = [...certificateCases, ...byteCases, ...middleCases, ...goodCases];

export const makeWorld = async (device: Pick<Device, 'tls13'>): Promise<World> => ({
	root: await authority('Root'),
	tls13: device.tls13,
});

/** Every reason why the device is not as the case wants it. */
export async function runCase(trial: Case, device: Device, world: World): Promise<string[]> {
	const scene = await trial.set(world);
	try {
		const outcome = await device.run({ port: scene.peer.port, ca: world.root.pem, ...scene.trial });
		return judge(trial, outcome, scene.peer);
	} finally {
		scene.peer.close();
	}
}
