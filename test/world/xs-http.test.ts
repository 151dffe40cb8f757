/** The stories of HTTP with the firmware on XS, in an arena as large as a board has to spare. */
import { describe } from 'vitest';
import { budget, story } from '../hosts/xs/story';
import { httpStories } from '../support/http-stories';

describe('HTTP alone, on XS', () => {
	for (const [name, setUp, tell] of httpStories) story(name, setUp, tell);
});

budget(httpStories.length);
