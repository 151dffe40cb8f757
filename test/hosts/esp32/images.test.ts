import { readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Driver } from '../../../hosts/sensors/plan';
import { boards } from './boards';
import { Image, reached, root } from './manifests';

const sensors = join(root, 'hosts/sensors');
const drivers = new Map(
	await Promise.all(
		readdirSync(sensors, { withFileTypes: true })
			.filter((entry) => entry.isDirectory())
			.map(async ({ name }) => {
				const exported = (await import(`${sensors}/${name}/driver.ts`)) as Record<string, Driver>;
				return [name, exported[name]!] as const;
			}),
	),
);

const LMIC = 'https://github.com/mcci-catena/arduino-lmic.git';

describe.each(boards.map((board) => [board.name, board] as const))('the image of a %s', (name, board) => {
	const image = new Image(`hosts/esp32/boards/${name}/manifest.json`, 'esp32', board.chip);
	const main = `hosts/esp32/boards/${name}/main`;

	test('begins with its main, and is for its chip alone', () => {
		expect(image.main).toBe(main);
		expect(image.config.chip).toBe(board.chip);
		expect(image.defines.board).toEqual({ chip: `CONFIG_IDF_TARGET_${board.chip.toUpperCase()}` });
		expect(readFileSync(join(root, `${main}.ts`), 'utf8')).toContain("import { board } from './board';");
	});

	test('holds every module that its main reaches', () => {
		expect([...reached(main, false)].filter((each) => !image.modules.has(each))).toEqual([]);
	});

	test('holds no room of which its main names nothing', () => {
		const rooms = new Set([...reached(main, true)].map((each) => dirname(each)));
		expect([...image.modules].filter((each) => !rooms.has(dirname(each)))).toEqual([]);
	});

	test('has the drivers of its parts, and no others', () => {
		const wanted = [...drivers].filter(([, { parts }]) => board.sensors.some(({ part }) => parts.includes(part)));
		const has = [...drivers.keys()].filter((each) => image.modules.has(`hosts/sensors/${each}/driver`));
		expect(has).toEqual(wanted.map(([each]) => each));
		for (const { part } of board.sensors)
			expect(
				wanted.some(([, { parts }]) => parts.includes(part)),
				part,
			).toBe(true);
		const rooms = [...image.modules].filter((each) => /^modules\/(ppg|max3010x|sensor)\/|vital-signs/.test(each));
		if (board.sensors.length === 0) expect(rooms).toEqual([]);
	});

	test('has LoRaWAN if it has a radio, for that radio, and else nothing of it', () => {
		const lora = (each: string) => /\b(lora|lmic|arduino-lmic)\b/.test(each);
		const has = [...image.modules, ...image.sources, ...image.foreign].filter(lora);
		if (board.lora) {
			expect(has).toEqual(expect.arrayContaining([LMIC, 'modules/lora/route', 'modules/lmic/board.c', 'hosts/lora']));
			expect(image.defines.lmic).toEqual({ region: 868, radio: Number(board.lora.part.slice(2)) });
		} else {
			expect(has).toEqual([]);
			expect(image.defines.lmic).toBeUndefined();
		}
	});

	test('has what switches its rails on, if it has some', () => {
		expect(image.modules.has('modules/axp/rails')).toBe(board.feeds?.rails !== undefined);
	});

	// Objects lie in one folder: of two sources of a name mcconfig compiles one, without a word.
	test('has no two C sources of one name', () => {
		const names = image.sources.map((each) => basename(each));
		expect(names.filter((each, at) => names.indexOf(each) !== at)).toEqual([]);
	});

	test("leaves the LED of the SDK's target dark: some are animated thirty times a second, for ever", () => {
		expect(image.config.led).toEqual({ rainbow: false });
	});

	test('has the link that it has', () => {
		const links = ['wifi', 'ethernet'].filter((kind) => image.modules.has(`hosts/esp32/${kind}/link`));
		expect(links).toEqual([board.link]);
	});
});

describe('what is built where no board is named', () => {
	test.each([
		['esp32', 'esp32', 'esp32-devkitc'],
		['esp32/esp32s3', 'esp32s3', 'esp32-s3-devkitc'],
		['esp32/esp32c3', 'esp32c3', 'esp32-c3-devkitm'],
		['esp32/esp32c6', 'esp32c6', 'esp32-c6-devkitc'],
		['esp32/heltec_lora_32', 'esp32', 'heltec-lora32-v2'],
		['esp32/wt32_eth01', 'esp32', 'wt32-eth01'],
	])('%s: the %s board %s, and nothing else', (platform, chip, name) => {
		const image = new Image('manifest.json', platform, chip);
		const board = new Image(`hosts/esp32/boards/${name}/manifest.json`, platform, chip);
		expect(image.main).toBe(`hosts/esp32/boards/${name}/main`);
		expect([...image.modules].sort()).toEqual([...board.modules].sort());
	});

	test('a chip that there is nothing for ends the build', () => {
		expect(() => new Image('manifest.json', 'esp32/esp32h2', 'esp32h2')).toThrow(
			"'hosts/esp32/chips/esp32h2/manifest.json': manifest not found!",
		);
	});

	test('the desktop has what its main reaches, and no sensor and no radio', () => {
		const image = new Image('manifest.json', 'lin');
		expect([...reached(image.main, false)].filter((each) => !image.modules.has(each))).toEqual([]);
		expect([...image.modules].filter((each) => /\b(lora|lmic|ppg|sensors|esp32)\b/.test(each))).toEqual([]);
	});
});

describe('a region of LoRaWAN', () => {
	const known = readFileSync(join(root, 'modules/lmic/lmic-config.h'), 'utf8');
	const regions = readdirSync(join(root, 'hosts/esp32/lora/regions')).map((file) => file.replace('.json', ''));
	const built = (region: string) =>
		new Image('hosts/esp32/boards/ttgo-lora32-v1/manifest.json', 'esp32', 'esp32', { LORA_REGION: region });

	test('each that LMIC is configured for can be named, and is one of its own', () => {
		const names = [...known.matchAll(/^#define LMIC_(\w+) (\d{3})$/gm)].map(([, name, value]) => [
			name!.toLowerCase(),
			Number(value),
		]);
		expect(names.map(([name]) => name).sort()).toEqual([...regions].sort());
		for (const [name, region] of names) expect(built(name as string).defines.lmic).toEqual({ region, radio: 1276 });
	});

	test('one that is none ends the build', () => {
		expect(() => built('mars')).toThrow("'hosts/esp32/lora/regions/mars.json': manifest not found!");
	});
});
