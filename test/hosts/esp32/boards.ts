import { readdirSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Board } from '../../../hosts/esp32/board';

export const folder = resolve(import.meta.dirname, '../../../hosts/esp32/boards');

/** Every board, by its folder. */
export const boards: readonly Board[] = await Promise.all(
	readdirSync(folder, { withFileTypes: true })
		.filter((entry) => entry.isDirectory())
		.map(async ({ name }) => ((await import(`${folder}/${name}/board.ts`)) as { board: Board }).board),
);
