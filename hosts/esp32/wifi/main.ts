import { start } from '../start';
import { wifi } from './link';

start({ kind: 'wifi', make: wifi });
