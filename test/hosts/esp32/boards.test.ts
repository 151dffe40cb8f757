import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type Board, checkBoard, chipPins, pinUses } from '../../../hosts/esp32/board';
import { boards, folder } from './boards';

describe('the boards', () => {
	test.each(boards.map((board) => [board.name, board] as const))('%s can be what it says', (name, board) => {
		expect(() => checkBoard(board)).not.toThrow();
		expect(existsSync(join(folder, name, 'main.ts')), 'under the name of its folder').toBe(true);
		expect(board.source).toMatch(/^https:\/\//);
		expect(readFileSync(join(folder, name, 'board.ts'), 'utf8')).not.toMatch(/\bimport (?!type)/);
	});

	test.each(boards.map((board) => [board.name, board] as const))('%s: frozen to the last pin', (_, board) => {
		const visit = (value: unknown): void => {
			if (typeof value !== 'object' || value === null) return;
			expect(Object.isFrozen(value)).toBe(true);
			Object.values(value).forEach(visit);
		};
		visit(board);
	});

	test.each(boards.map((board) => [board.name, board] as const))(
		'%s: its flash holds the layout of its chip',
		(_, board) => {
			const manifest = resolve(folder, `../chips/${board.chip}/manifest.json`);
			const { PARTITIONS_FILE } = JSON.parse(readFileSync(manifest, 'utf8')).build as { PARTITIONS_FILE: string };
			expect(board.flashMegabytes).toBeGreaterThanOrEqual(Number(/(\d+)mb/.exec(PARTITIONS_FILE)![1]));
		},
	);
});

describe('chips', () => {
	test('pins that are named in their tables are on them', () => {
		for (const [name, chip] of Object.entries(chipPins))
			for (const pins of [chip.inputOnly, chip.taken, chip.strapping, chip.wake, chip.analog])
				for (const pin of pins) expect(chip.pins, `${name} ${pin}`).toContain(pin);
	});
});

describe('a board that cannot be', () => {
	const plain: Board = {
		name: 'plain',
		source: 'https://example.org',
		chip: 'esp32',
		flashMegabytes: 4,
		link: 'wifi',
		buses: { main: { kind: 'i2c', data: 21, clock: 22 } },
		sensors: [],
	};
	const rmii = { mdc: 23, mdio: 18, reset: 16, clock: 0 };

	test.each<[string, Partial<Board>, string]>([
		['a pin twice', { led: { pin: 21, level: 'high' } }, 'pin 21 is both main data and LED'],
		['no such pin', { led: { pin: 24, level: 'high' } }, 'pin 24 (LED) is not on the esp32'],
		['a pin of the flash', { led: { pin: 9, level: 'high' } }, 'pin 9 (LED) belongs to the flash'],
		[
			'an input-only pin as output',
			{ feeds: { pins: [{ pin: 34, level: 'high' }] } },
			'pin 34 (power) cannot be an output',
		],
		['a strapping pin', { led: { pin: 2, level: 'high' } }, 'pin 2 (LED) decides how the chip starts'],
		[
			'a strapping pin to wake, which no maker can excuse',
			{ wake: { source: 'ext0', level: 'low', pins: [0] }, strapped: [0] },
			'pin 0 (wake) decides how the chip starts',
		],
		['a pin that cannot wake', { wake: { source: 'ext0', level: 'low', pins: [17] } }, 'pin 17 cannot wake the esp32'],
		['two pins at EXT0', { wake: { source: 'ext0', level: 'low', pins: [32, 33] } }, 'EXT0 takes one pin'],
		['a source of another chip', { wake: { source: 'gpio', level: 'low', pins: [33] } }, 'the esp32 has no gpio'],
		['a battery at ADC2', { sensors: [{ part: 'divider', pin: 4, ratio: 2 }] }, 'pin 4 (battery) is not on ADC1'],
		[
			'a battery that two measure',
			{
				sensors: [
					{ part: 'divider', pin: 35, ratio: 2 },
					{ part: 'max17048', bus: 'main' },
				],
			},
			'two parts measure one battery',
		],
		[
			'a part without its bus',
			{ sensors: [{ part: 'max30102', bus: 'second' }] },
			'max30102: there is no bus "second"',
		],
		['a part on a bus of another kind', { sensors: [{ part: 'gps', bus: 'main' }] }, 'gps: bus "main" is no serial'],
		['Ethernet without pins', { link: 'ethernet' }, 'link and Ethernet pins do not agree'],
		[
			'Ethernet with I2C on its pins',
			{ link: 'ethernet', ethernet: rmii, strapped: [0] },
			'pin 21 is both main data and Ethernet RMII',
		],
	])('%s', (_, change, words) => {
		expect(() => checkBoard({ ...plain, ...change })).toThrow(`plain: ${words}`);
	});

	test('the plain one is none of them', () => {
		expect(() => checkBoard(plain)).not.toThrow();
		expect(pinUses(plain).map(({ pin }) => pin)).toEqual([21, 22]);
	});
});
