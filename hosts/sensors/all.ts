import { divider } from './divider/driver';
import { gps } from './gps/driver';
import { max3010x } from './max3010x/driver';
import { max17048 } from './max17048/driver';
import { mlx90614 } from './mlx90614/driver';
import type { Driver } from './plan';
import { sht } from './sht/driver';

/** For hosts on a computer, where nothing is short: in no image. */
export const allDrivers: readonly Driver[] = Object.freeze([divider, gps, max17048, max3010x, mlx90614, sht]);
