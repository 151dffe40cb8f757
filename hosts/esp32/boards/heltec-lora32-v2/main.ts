import { divider } from '../../../sensors/divider/driver';
import { lora } from '../../lora/radio';
import { sensorsBy } from '../../sensors/io';
import { start } from '../../start';
import { wifi } from '../../wifi/link';
import { board } from './board';

start(board, { link: wifi, lora, sensors: sensorsBy([divider]) });
