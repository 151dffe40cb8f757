import { start } from '../start';
import { ethernet } from './link';

start({ kind: 'ethernet', make: ethernet });
