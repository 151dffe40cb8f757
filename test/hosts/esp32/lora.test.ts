import { describe, expect, test } from 'vitest';
import { lora, radioPins } from '../../../hosts/esp32/lora/radio';
import { VirtualStore } from '../../../hosts/simulator/board/store';
import { VirtualTime } from '../../../hosts/simulator/time';
import { pinBytes } from '../../../modules/lmic/pins';
import { makeSettings } from '../../../src/settings';
import { clockOf } from '../../modules/wifi/fake-air';
import { boards } from './boards';

const told = { loraDevEui: '70B3D57ED0000001', loraAppKey: '00112233445566778899AABBCCDDEEFF' };

function parts(settings: object = told) {
	const clock = clockOf(new VirtualTime());
	return { settings: makeSettings(settings), subBand: 0, clock, store: new VirtualStore(), log: () => {} };
}

describe('the radio of a board', () => {
	const [withRadio, without] = [boards.filter((board) => board.lora), boards.filter((board) => !board.lora)];

	test.each(withRadio.map((board) => [board.name, board] as const))(
		'%s: its route, its session, its rests',
		(_, board) => {
			const { route, keepsakes } = lora(board, parts());
			expect([route.name, route.state]).toEqual(['lorawan', 'closed']);
			expect(keepsakes.map(({ name }) => name)).toEqual(['lora', 'lmic']);
		},
	);

	test.each(withRadio.map((board) => [board.name, board] as const))('%s: the pins that LMIC works with', (_, board) => {
		const { part, dio, busy } = board.lora!;
		const bytes = [...pinBytes(radioPins(board))];
		expect(bytes.slice(5, 8).filter((pin) => pin !== 0xff)).toEqual([...dio]);
		// An SX1276 says by DIO0 that it sent or heard, by DIO1 that it heard nothing; an SX1262 all of it by DIO1, and when it is busy.
		expect(dio.length).toBeGreaterThanOrEqual(part === 'sx1276' ? 2 : 1);
		expect(busy !== undefined).toBe(part === 'sx1262');
	});

	test('a board without one, and keys that are none, are refused', () => {
		expect(() => lora(without[0]!, parts())).toThrow(`${without[0]!.name} has no LoRa radio`);
		expect(() => lora(withRadio[0]!, parts({}))).toThrow('devEui is not 16 hexadecimal digits');
	});
});
