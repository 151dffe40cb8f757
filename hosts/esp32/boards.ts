import { Fault } from '../../modules/fault';
import { type Board, type ChipName, checkBoard } from './board';
import { esp32C3DevKitM } from './boards/esp32-c3-devkitm';
import { esp32C6DevKitC } from './boards/esp32-c6-devkitc';
import { esp32DevKitC } from './boards/esp32-devkitc';
import { esp32S3DevKitC } from './boards/esp32-s3-devkitc';
import { esp32Vitals } from './boards/esp32-vitals';
import { heltecLora32V2 } from './boards/heltec-lora32-v2';
import { heltecLora32V3 } from './boards/heltec-lora32-v3';
import { ttgoLora32V1 } from './boards/ttgo-lora32-v1';
import { ttgoTBeam } from './boards/ttgo-t-beam';
import { ttgoTBeamS3 } from './boards/ttgo-t-beam-s3';
import { wt32Eth01 } from './boards/wt32-eth01';

/** The first of a chip is the one that is meant when none is named. */
export const boards: readonly Board[] = Object.freeze([
	esp32DevKitC,
	esp32Vitals,
	heltecLora32V2,
	ttgoLora32V1,
	ttgoTBeam,
	wt32Eth01,
	esp32S3DevKitC,
	heltecLora32V3,
	ttgoTBeamS3,
	esp32C3DevKitM,
	esp32C6DevKitC,
]);

/**
 * The board that this image is for.
 * @param chip what the image was built for
 * @throws Fault 'range' when there is no such board, or it has another chip
 */
export function boardOf(name: string | undefined, chip: ChipName): Board {
	const board = boards.find((each) => (name === undefined ? each.chip === chip : each.name === name));
	if (!board)
		throw new Fault('range', `board ${name}: there is none, only ${boards.map((each) => each.name).join(', ')}`);
	if (board.chip !== chip)
		throw new Fault('range', `board ${board.name} has an ${board.chip}, this image is for ${chip}`);
	checkBoard(board);
	return board;
}
