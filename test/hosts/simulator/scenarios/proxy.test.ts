import { connect, createServer, type Server, type TLSSocket } from 'node:tls';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { DoorProxy } from '../../../../hosts/simulator/scenarios/proxy';
import type { Weather } from '../../../../hosts/simulator/scenarios/scenario';
import { type Issued, issue, makeAuthority } from '../../../support/certificates';

/** What a client saw: what came back, and how it ended. */
interface Sight {
	readonly text: string;
	readonly end: string;
}

describe('a proxy before a door', () => {
	let authority: Issued;
	let echo: Server;
	let proxy: DoorProxy;
	let ca = '';

	beforeAll(async () => {
		authority = await makeAuthority();
		ca = authority.cert;
		const other = await makeAuthority();
		const identity = await issue({ authority, names: ['localhost'] });
		const stranger = await issue({ authority: other, names: ['localhost'] });
		echo = createServer(identity, (socket) => {
			socket.on('error', () => {});
			socket.on('data', (chunk) => socket.write(chunk));
		});
		await new Promise<void>((resolve) => echo.listen(0, '127.0.0.1', resolve));
		const { port } = echo.address() as { port: number };
		proxy = await DoorProxy.open({ port, identity, stranger, ca, random32: () => 0 });
	});

	afterEach(() => proxy.become({ is: 'good' }));

	afterAll(async () => {
		await proxy?.close();
		echo?.close();
	});

	const say = (text: string, patience = 400): Promise<Sight> =>
		new Promise((resolve) => {
			let heard = '';
			const socket: TLSSocket = connect({ host: '127.0.0.1', port: proxy.port, ca, servername: 'localhost' });
			const finish = (end: string): void => {
				clearTimeout(timer);
				socket.destroy();
				resolve({ text: heard, end });
			};
			const timer = setTimeout(() => finish('open'), patience);
			socket.once('secureConnect', () => socket.write(text));
			socket.on('data', (chunk) => {
				heard += chunk;
			});
			socket.on('error', ({ code, message }: NodeJS.ErrnoException) => finish(code ?? message));
			socket.on('close', () => finish('closed'));
		});

	const inWeather = async (weather: Weather, text = 'hello', patience?: number): Promise<Sight> => {
		await proxy.become(weather);
		return say(text, patience);
	};

	test('in good weather lets all through', async () => {
		expect(await inWeather({ is: 'good' })).toEqual({ text: 'hello', end: 'open' });
	});

	test('refuses, and listens at the same port again after it', async () => {
		const { port } = proxy;
		expect(await inWeather({ is: 'refused' })).toEqual({ text: '', end: 'ECONNREFUSED' });
		expect(await inWeather({ is: 'good' })).toEqual({ text: 'hello', end: 'open' });
		expect(proxy.port).toBe(port);
	});

	test('refuses also what is connected', async () => {
		const before = say('hello', 2_000);
		await new Promise((resolve) => setTimeout(resolve, 300));
		await proxy.become({ is: 'refused' });
		expect((await before).end).not.toBe('open');
		expect((await say('again')).end).toBe('ECONNREFUSED');
	});

	test('resets what is connected, and takes the next', async () => {
		const before = say('hello', 2_000);
		await new Promise((resolve) => setTimeout(resolve, 300));
		await proxy.become({ is: 'reset' });
		expect((await before).end).not.toBe('open');
		expect(await say('again')).toEqual({ text: 'again', end: 'open' });
	});

	test('is silent: no handshake, no end', async () => {
		expect(await inWeather({ is: 'silent' })).toEqual({ text: '', end: 'open' });
	});

	test('is slow', async () => {
		await proxy.become({ is: 'slow', milliseconds: 500 });
		expect((await say('hello', 600)).text).toBe('');
		expect((await say('hello', 2_500)).text).toBe('hello');
	});

	test('tears a message in its middle', async () => {
		const { text, end } = await inWeather({ is: 'torn' }, 'x'.repeat(1_000));
		expect(text.length).toBeLessThan(1_000);
		expect(end).not.toBe('open');
	});

	test('is somebody else, whom nobody believes', async () => {
		const { text, end } = await inWeather({ is: 'stranger' });
		expect(text).toBe('');
		expect(end).toMatch(/SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_VERIFY_LEAF_SIGNATURE|UNABLE_TO_GET_ISSUER_CERT_LOCALLY/);
	});

	test('answers with a status', async () => {
		const { text, end } = await inWeather({ is: 'status', status: 503, retryAfter: 7 });
		expect(text).toMatch(/^HTTP\/1\.1 503 /);
		expect(text).toContain('Retry-After: 7\r\n');
		expect(end).toBe('closed');
	});

	test('loses an answer with its connection', async () => {
		const { text, end } = await inWeather({ is: 'lost receipts', chance: 1 });
		expect(text).toBe('');
		expect(end).not.toBe('open');
	});

	test('doubles a PUBACK, and nothing else', async () => {
		const puback = '\x40\x02\x00\x01';
		expect((await inWeather({ is: 'double receipts' }, puback)).text).toBe(puback + puback);
		expect((await say('hello')).text).toBe('hello');
	});
});
