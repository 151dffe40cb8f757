import { lora } from '../../lora/radio';
import { start } from '../../start';
import { wifi } from '../../wifi/link';
import { board } from './board';

start(board, { link: wifi, lora });
