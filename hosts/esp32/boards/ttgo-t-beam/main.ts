import { gps } from '../../../sensors/gps/driver';
import { lora } from '../../lora/radio';
import { axp } from '../../rails/axp';
import { sensorsBy } from '../../sensors/io';
import { start } from '../../start';
import { wifi } from '../../wifi/link';
import { board } from './board';

start(board, { link: wifi, lora, rails: axp, sensors: sensorsBy([gps]) });
