/** The stories of HTTP with the firmware on XS, in an arena as large as a board has to spare. */
import { describe } from 'vitest';
import { BUDGET, budget, story } from '../hosts/xs/story';
import { httpStories } from '../support/http-stories';

describe('HTTP alone, on XS', () => {
	for (const [name, setUp, tell] of httpStories) story(name, setUp, tell);
});

/** What was measured and a tenth more; the chunks are those of a batch while it is written. */
budget(httpStories.length, { ...BUDGET, arenaPeak: 40_100, slotsPeak: 19_200, chunksPeak: 9_800, stackPeak: 8_700 });
