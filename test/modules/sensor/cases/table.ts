import { cases as battery } from './battery';
import type { Case } from './bench';
import { cases as gps } from './gps';
import { cases as max3010x } from './max3010x';
import { cases as max17048 } from './max17048';
import { cases as mlx90614 } from './mlx90614';
import { cases as oneShot } from './one-shot';
import { cases as sht } from './sht';

/** Every driver on its register model. */
export const table: readonly Case[] = [...oneShot, ...max3010x, ...sht, ...mlx90614, ...max17048, ...battery, ...gps];
