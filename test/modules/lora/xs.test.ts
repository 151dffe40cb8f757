/** Every vector on XS, in a heap as large as the board's. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Port } from '../../../modules/lora/payload';
import { loadCodec } from '../../support/codec';
import { XsProgram } from '../../support/xs-program';
import { alertOf, placeOf, readingOf, type Vector, vectors } from './vectors';

/** What the route with its keeper and ledger may keep: slots of 16 bytes, as on the board, and chunks. */
const ROUTE_BYTES = 4_096;

const codec = loadCodec();
let xs: XsProgram;

beforeAll(() => {
	const alerts = ['kinds', 'quantities', 'record'].map((name) => `src/alerts/${name}.ts`);
	const sensing = ['bits', 'reading'].map((name) => `src/sensing/${name}.ts`);
	const sources = [
		'modules/lora',
		'modules/text',
		'modules/journal/crc32.ts',
		...alerts,
		...sensing,
		'src/messages/packed.ts',
	];
	xs = new XsProgram('test/modules/lora/xs/main', sources);
});

afterAll(() => xs.close());

const named = vectors.map((vector) => [`${vector.port} ${vector.bytes.toString('hex')}`, vector] as const);

test.each(named.filter(([, { port }]) => port !== Port.COMMAND))('%s is packed', (_, { port, message, bytes }) => {
	const isShort = port === Port.SHORT || (port === Port.ALERT && bytes.length === 9);
	const packed = xs.event(JSON.stringify(given({ port, message, bytes })), isShort);
	expect(Buffer.from(packed as Uint8Array).toString('hex')).toBe(bytes.toString('hex'));
});

test.each(named.filter(([, { port }]) => port === Port.COMMAND))('%s is unpacked', (_, { message, bytes }) => {
	expect(JSON.parse(xs.event(Uint8Array.from(bytes)) as string)).toEqual(message);
	expect(xs.event(Uint8Array.from(bytes.subarray(1)))).toBe('malformed');
});

test('the route works in a small heap, and what it takes is printed', () => {
	const program = new XsProgram('test/modules/lora/xs/route', ['modules/lora', 'modules/text']);
	expect(program.event('')).toBe('');
	const empty = program.live();
	expect(program.event('make')).toBe('open');
	const whole = vectors.find(({ port }) => port === Port.READING)!.bytes;
	expect(program.event(Uint8Array.from(whole))).toBe('2 27 true');
	console.log(`${program.figures('the route of modules/lora')}; its own ${program.live() - empty} bytes`);
	expect(program.live() - empty).toBeLessThan(ROUTE_BYTES);
	program.close();
});

test('what it takes is printed', () => {
	console.log(xs.figures('the packing of modules/lora'));
	expect(xs.live()).toBeGreaterThan(0);
});

/** Of the vectors of port 10, the command that one of port 4 is about. */
function commandOf({ command_reference }: Record<string, unknown>): unknown {
	const ids = vectors.map(({ message }) => message.command_id as string | undefined);
	return ids.find((each) => each !== undefined && codec.commandReference(each) === command_reference);
}

function given({ port, message }: Vector): object {
	const id = (message.reading_id ?? message.alert_id ?? '00000001-1') as string;
	const [, last] = /-s(\d+)-/.exec(id) ?? [];
	const common = { place: last ? { epoch: 7, sequence: Number(last) } : placeOf(id), timestamp: message.timestamp };
	if (port === Port.REPLY) return { ...common, reply: { id: commandOf(message), status: message.status } };
	if (port !== Port.ALERT) return { ...common, reading: readingOf(message) };
	return { ...common, alert: alertOf(message), language: (message.message as string).startsWith('Temp') ? 'fr' : 'en' };
}
