import { ethernet } from '../../ethernet/link';
import { start } from '../../start';
import { board } from './board';

start(board, { link: ethernet });
