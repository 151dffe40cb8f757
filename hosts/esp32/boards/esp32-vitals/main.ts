import { divider } from '../../../sensors/divider/driver';
import { gps } from '../../../sensors/gps/driver';
import { max3010x } from '../../../sensors/max3010x/driver';
import { mlx90614 } from '../../../sensors/mlx90614/driver';
import { sht } from '../../../sensors/sht/driver';
import { sensorsBy } from '../../sensors/io';
import { start } from '../../start';
import { wifi } from '../../wifi/link';
import { board } from './board';

start(board, { link: wifi, sensors: sensorsBy([divider, gps, max3010x, mlx90614, sht]) });
