import type { Client, Request, RequestOptions } from '../../../modules/http/client';
import { type Behaviour, bytes, type Case, type Trial, text } from './bench';

interface Events {
	readonly onError?: (reason: unknown) => void;
	readonly behaviour?: Behaviour;
	readonly options?: object;
}

function open(trial: Trial, { onError, behaviour = 'http', options }: Events = {}): Client {
	let client: Client | undefined;
	const { http } = trial.bench;
	client = new http.io({
		...http,
		host: '127.0.0.1',
		port: trial.bench.port(behaviour),
		onError: (reason: unknown) =>
			trial.guard(() => {
				trial.ok(client !== undefined, 'a callback from inside the constructor');
				if (onError) onError(reason);
				else trial.fail('onError');
			}),
		...options,
	} as never);
	trial.cleanup(() => client?.close());
	return client;
}

interface Answer {
	readonly status: number;
	readonly headers: Map<string, string>;
	readonly body: string;
	readonly error: Error | null;
}

interface Asking extends Partial<Pick<RequestOptions, 'onHeaders' | 'onReadable' | 'onDone'>> {
	readonly body?: string;
	/** Written in pieces of so many bytes, at most. */
	readonly pieces?: number;
	readonly headers?: readonly (readonly [string, string])[];
}

/** Asks for `path`, and tells when it is done. */
function ask(trial: Trial, client: Client, path: string, then: (answer: Answer) => void, asking: Asking = {}): void {
	const { body = '', pieces = body.length, headers: fields = [] } = asking;
	const answer = { status: 0, headers: new Map<string, string>(), body: '', error: null as Error | null };
	let request: Request | undefined;
	let left = bytes(body);
	let inside = true;
	const tell = (run: () => void): void =>
		trial.guard(() => {
			trial.ok(!inside, 'a callback from inside request()');
			run();
		});
	const headers = new Map(fields);
	if (body !== '') headers.set('Content-Length', String(body.length));
	request = client.request({
		method: 'POST',
		path,
		headers,
		onHeaders: (status, said) =>
			tell(() => {
				answer.status = status;
				answer.headers = said;
				asking.onHeaders?.(status, said);
			}),
		onReadable: (count) =>
			tell(() => {
				if (asking.onReadable) asking.onReadable(count);
				else answer.body += text(request!.read(count));
			}),
		onWritable: (count) =>
			tell(() => {
				for (let room = count; room > 0 && left.byteLength > 0; ) {
					const piece = left.subarray(0, Math.min(room, pieces));
					left = left.subarray(piece.byteLength);
					room = request!.write(piece);
				}
			}),
		onDone: (error) =>
			tell(() => {
				answer.error = error;
				asking.onDone?.(error);
				then(answer);
			}),
	});
	inside = false;
}

const answered = (path: string, check: (trial: Trial, answer: Answer) => void): Case['run'] => {
	return (trial) =>
		ask(trial, open(trial), path, (answer) => {
			trial.equal(answer.error, null, 'onDone');
			check(trial, answer);
			trial.done();
		});
};

/** No answer comes: onDone with an Error, then onError, once each. */
function failed(name: string, path: string, events: Events = {}, more: Partial<Case> = {}): Case {
	return {
		name,
		...more,
		run(trial) {
			const order: string[] = [];
			const client = open(trial, {
				...events,
				onError: () => {
					order.push('onError');
					trial.later(200, () => {
						trial.equal(order.join(), 'onDone,onError', 'what was called');
						trial.done();
					});
				},
			});
			ask(trial, client, path, ({ error }) => {
				trial.ok(error !== null, 'onDone says that all is well');
				order.push('onDone');
			});
		},
	};
}

const THROWS = 'throws out of a callback, which ends a machine';
const hardened = (words: string, by: string): { readonly sdk: string } => ({ sdk: `${words}; hardened: ${by}` });

/** The SDK's client and its twin, over plain TCP. */
export const httpCases: readonly Case[] = [
	{
		name: 'says Host, then the headers in their order, then the body',
		run(trial) {
			const headers = [
				['X-One', '1'],
				['Content-Type', 'application/json'],
			] as const;
			const check = ({ body }: Answer): void => {
				const head = 'POST /said HTTP/1.1\r\nhost: 127.0.0.1\r\nX-One: 1\r\nContent-Type: application/json\r\n';
				trial.equal(body, `${head}Content-Length: 7\r\n\r\n{"a":1}`, 'the server heard');
				trial.done();
			};
			ask(trial, open(trial), '/said', check, { body: '{"a":1}', headers });
		},
	},
	{
		name: 'a body of 20,000 bytes, written as there is room',
		run(trial) {
			const body = 'x'.repeat(20_000);
			const check = (answer: Answer): void => {
				trial.ok(answer.body.endsWith(body), 'the server heard something else');
				trial.done();
			};
			ask(trial, open(trial), '/said', check, { body, pieces: 1_000 });
		},
	},
	{
		name: 'status and headers: names in lower case, values without blanks around them',
		run: answered('/sized', (trial, { status, headers, body }) => {
			trial.equal(status, 200, 'status');
			trial.equal([...headers].join(';'), 'x-one,1;date,now;content-length,8', 'headers');
			trial.equal(body, 'the body', 'body');
		}),
	},
	{
		name: 'an answer in pieces, cut anywhere',
		run: answered('/pieces', (trial, { headers, body }) => {
			trial.equal(headers.get('x-one'), 'a value', 'header');
			trial.equal(body, 'the body', 'body');
		}),
	},
	{
		name: '204 has no body',
		run: answered('/none', (trial, { status, body }) => {
			trial.equal(status, 204, 'status');
			trial.equal(body, '', 'body');
		}),
	},
	{
		name: 'Content-Length: 0 is the end',
		run: answered('/empty', (trial, { body }) => trial.equal(body, '', 'body')),
	},
	{
		name: 'chunks come as the body that they are',
		run: answered('/chunked', (trial, { body }) => trial.equal(body, 'the body', 'body')),
	},
	{
		name: 'an error of the server is an answer as any',
		run: answered('/status', (trial, { status, headers }) => {
			trial.equal(status, 503, 'status');
			trial.equal(headers.get('retry-after'), '7', 'Retry-After');
		}),
	},
	{
		name: 'a trailer is passed over',
		differs: hardened(THROWS, 'Line reads chunks itself'),
		run(trial) {
			trial.ok(trial.bench.maker === 'twin', 'not tried');
			answered('/trailer', (_, { body }) => trial.equal(body, 'the body', 'body'))(trial);
		},
	},
	{
		name: 'a status line without words is one',
		differs: hardened('takes it for no answer, and throws out of a callback', 'Line ends such a connection'),
		run(trial) {
			trial.ok(trial.bench.maker === 'twin', 'not tried');
			answered('/wordless', (_, { status }) => trial.equal(status, 200, 'status'))(trial);
		},
	},
	{
		name: '100 Continue comes through as if it were the answer',
		run(trial) {
			const client = open(trial, { onError: () => {} });
			const onHeaders = (status: number): void => {
				trial.equal(status, 100, 'status');
				trial.done();
			};
			ask(trial, client, '/continue', () => {}, { onHeaders });
		},
	},
	{
		name: 'two requests, one after the other, over one connection',
		run(trial) {
			const client = open(trial);
			let done = 0;
			const then = ({ body }: Answer): void => {
				trial.equal(body, 'the body', 'body');
				done++;
				if (done === 2) trial.done();
			};
			ask(trial, client, '/sized', then);
			ask(trial, client, '/pieces', then);
		},
	},
	{
		name: 'a request made in onDone, and one made when all was quiet',
		run(trial) {
			const client = open(trial);
			ask(trial, client, '/sized', () =>
				ask(trial, client, '/none', () => trial.later(100, () => ask(trial, client, '/chunked', () => trial.done()))),
			);
		},
	},
	{
		name: 'a body without a length ends with the connection, and is said to have failed',
		run(trial) {
			const client = open(trial, { onError: () => {} });
			ask(trial, client, '/open', ({ body, error }) => {
				trial.equal(body, 'the body', 'body');
				trial.ok(error !== null, 'onDone says that all is well');
				trial.done();
			});
		},
	},
	failed('a body that is cut: onDone with an Error, then onError', '/short'),
	failed('no answer at all: onDone with an Error, then onError', '/nothing'),
	failed('nobody listens: onDone with an Error, then onError', '/sized', { behaviour: 'refuse' }),
	failed(
		'a name that is not: onDone with an Error, then onError',
		'/sized',
		{ options: { host: 'nobody.invalid' } },
		{ patience: 30_000 },
	),
	{
		name: 'bytes after the answer end the connection',
		differs: hardened('leaves them, or throws out of a callback when more come', 'Line does not use it again'),
		run(trial) {
			trial.ok(trial.bench.maker === 'twin', 'not tried');
			let done = false;
			const client = open(trial, { onError: () => trial.ok(done, 'onError before onDone') });
			ask(trial, client, '/more', ({ body }) => {
				trial.equal(body, 'the body', 'body');
				done = true;
				trial.done();
			});
		},
	},
	...(['onHeaders', 'onReadable', 'onDone'] as const).map(
		(name): Case => ({
			name: `close in ${name}: nothing follows`,
			run(trial) {
				const client = open(trial);
				let closed = false;
				const close = (): void => {
					trial.ok(!closed, 'called after close');
					closed = true;
					client.close();
					client.close();
					trial.later(300, () => trial.done());
				};
				const nothing = (): void => trial.ok(!closed, 'called after close');
				const before = name === 'onDone' ? {} : { onReadable: nothing, onDone: nothing };
				ask(trial, client, '/sized', () => {}, { ...before, [name]: close });
			},
		}),
	),
	{
		name: 'a read of more than there is gives what there is; into a buffer, how many',
		run(trial) {
			const client = open(trial);
			const into = new Uint8Array(100);
			let got: number | undefined;
			let request: Request | undefined;
			request = client.request({
				method: 'GET',
				path: '/sized',
				headers: new Map(),
				onHeaders: () => {},
				onReadable: () =>
					trial.guard(() => {
						trial.equal(text(request!.read(3)), 'the', 'three bytes');
						request!.read(into);
						got = into.indexOf(0);
					}),
				onWritable: () => {},
				onDone: () =>
					trial.guard(() => {
						trial.equal(got, 5, 'bytes that came into the buffer');
						trial.done();
					}),
			});
		},
	},
];
