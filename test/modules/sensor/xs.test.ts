/** The drivers and the models of their parts, both on XS, in a heap as large as the board's. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { buildXs, type XsBuild } from '../../../hosts/xs/build';
import { Channel } from '../../../hosts/xs/channel';
import { Handle } from '../../../hosts/xs/device/operations';
import { Kind } from '../../../hosts/xs/frames';
import { readStatistics } from '../../../hosts/xs/statistics';
import { table } from './cases/table';

const ROOMS = ['sensor', 'max3010x', 'sht', 'mlx90614', 'max17048', 'battery', 'gps'];
const here = 'test/modules/sensor';

let build: XsBuild;
beforeAll(() => {
	build = buildXs(
		{},
		{
			sources: [
				'modules/fault.ts',
				...ROOMS.map((room) => `modules/${room}`),
				'hosts/simulator/bus',
				'hosts/xs/device/operations.ts',
				'hosts/xs/device/wire.ts',
				`${here}/cases`,
			],
			main: `${here}/xs/main`,
		},
	);
});

/** What a case came to: nothing when it holds. */
function run(index: number): { answer: unknown; arena: number } {
	const { host, modules } = build;
	const channel = new Channel(host.program, [modules, `${(65_536 * host.width) / 32}`, '512', '128']);
	try {
		channel.send(Kind.EVENT, [Handle.DEVICE, index]);
		const frame = channel.receive();
		if (frame?.kind === Kind.ABORT) return { answer: `the machine ended: ${frame.u8()}`, arena: 0 };
		if (frame?.kind !== Kind.IDLE) return { answer: 'no answer', arena: 0 };
		const { arenaPeak } = readStatistics(frame);
		return { answer: frame.values()[0], arena: arenaPeak };
	} finally {
		channel.kill();
	}
}

describe('the drivers on XS', () => {
	let most = 0;
	for (const [index, { name }] of table.entries())
		test(name, () => {
			const { answer, arena } = run(index);
			expect(answer).toBe('');
			most = Math.max(most, arena);
		});

	afterAll(() => console.log(`drivers and models on XS: ${most} of 65,536 bytes at the peak`));
});
