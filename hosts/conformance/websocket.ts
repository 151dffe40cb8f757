import { WebSocket } from 'ws';
import { type Clause, clauseMaker, type Finding, type Identity, within } from './clause';
import { reading, token } from './samples';

type Message = Readonly<Record<string, unknown>>;

/** A connection of the kit: what came, and what is waited for. */
class Peer {
	readonly socket: WebSocket;
	readonly #timeout: number;
	readonly #messages: Message[] = [];
	#wake: () => void = () => {};

	constructor(socket: WebSocket, timeout: number) {
		this.socket = socket;
		this.#timeout = timeout;
		socket.on('message', (data) => {
			try {
				this.#messages.push(JSON.parse(String(data)));
			} catch {
				// Not JSON: no answer to anything.
			}
			this.#wake();
		});
		socket.on('close', () => this.#wake());
		socket.on('error', () => {});
	}

	get isOpen(): boolean {
		return this.socket.readyState === WebSocket.OPEN;
	}

	send(message: unknown): void {
		this.socket.send(typeof message === 'string' ? message : JSON.stringify(message));
	}

	/** The first message that fits; undefined when none came in time, or the server hung up. */
	async find(fits: (message: Message) => boolean): Promise<Message | undefined> {
		const end = Date.now() + this.#timeout;
		for (;;) {
			const found = this.#messages.find(fits);
			if (found) return found;
			const left = end - Date.now();
			if (left <= 0 || !this.isOpen) return undefined;
			await Promise.race([
				new Promise<void>((resolve) => {
					this.#wake = resolve;
				}),
				new Promise((resolve) => setTimeout(resolve, left)),
			]);
		}
	}

	/** A pong came: the connection lives, and all that was sent before has been read. */
	async lives(): Promise<boolean> {
		if (!this.isOpen) return false;
		const pong = new Promise<boolean>((resolve) => {
			this.socket.once('pong', () => resolve(true));
			this.socket.once('close', () => resolve(false));
		});
		this.socket.ping();
		return within(this.#timeout, 'pong', pong);
	}
}

/** The clauses of `/ws/iot/<device_id>/` at a base URL. */
export function webSocketClauses(url: string, identity: Identity): Clause[] {
	const { deviceId, ca, secret, timeout } = identity;
	const clause = clauseMaker('ws');

	/** @throws Error that says "HTTP 401" where the server refuses the upgrade */
	const connect = (authorization: string | undefined, name = deviceId): Promise<Peer> =>
		new Promise((resolve, reject) => {
			const socket = new WebSocket(new URL(`/ws/iot/${name}/`, url), {
				handshakeTimeout: timeout,
				headers: { 'X-Device-ID': name, ...(authorization !== undefined && { Authorization: authorization }) },
				...(ca !== undefined && { ca }),
			});
			const peer = new Peer(socket, timeout);
			socket.once('open', () => resolve(peer));
			socket.once('unexpected-response', (_request, { statusCode }) => {
				reject(new Error(`HTTP ${statusCode}`));
				socket.terminate();
			});
			socket.once('error', reject);
		});
	const bearer = async (more: object = {}): Promise<string | undefined> =>
		secret === undefined ? undefined : `Bearer ${await token({ deviceId, secret, ...more })}`;
	const using = async (run: (peer: Peer) => Promise<Finding>): Promise<Finding> => {
		const peer = await connect(await bearer());
		try {
			return await run(peer);
		} finally {
			peer.socket.terminate();
		}
	};
	const refuses = async (authorization: string | undefined, name = deviceId): Promise<Finding> => {
		try {
			const peer = await connect(authorization, name);
			peer.socket.terminate();
			return 'let in';
		} catch (error) {
			const { message } = error as Error;
			return /^HTTP 40[13]$/.test(message) || message;
		}
	};
	const answerTo = (peer: Peer, id: unknown, type: string): Promise<Message | undefined> =>
		peer.find((message) => message.type === type && message.reading_id === id);

	const clauses = [
		clause('guide', 'a device comes in at /ws/iot/<device_id>/', () => using(async () => true)),
		clause('guide', 'the guide’s "connection" and "realtime_data" are taken', () =>
			using(async (peer) => {
				const timestamp = Date.now();
				peer.send({ type: 'connection', device_id: deviceId, timestamp, data: `${deviceId} connected` });
				peer.send({ type: 'realtime_data', device_id: deviceId, timestamp, heart_rate: 72, spo2: 97.5 });
				return (await peer.lives()) || 'the connection ended';
			}),
		),
		clause('guide', 'a flat reading is taken', () =>
			using(async (peer) => {
				peer.send(reading(deviceId));
				return (await peer.lives()) || 'the connection ended';
			}),
		),
		clause('guide', 'a ping has its pong', () => using(async (peer) => (await peer.lives()) || 'the connection ended')),
		clause('wire', 'a reading has its ack, by its reading_id', () =>
			using(async (peer) => {
				const sent = reading(deviceId);
				peer.send(sent);
				return (await answerTo(peer, sent.reading_id, 'ack')) !== undefined || 'no ack';
			}),
		),
		clause('wire', 'a reading that comes twice has its ack twice', () =>
			using(async (peer) => {
				const sent = reading(deviceId);
				peer.send(sent);
				if (!(await answerTo(peer, sent.reading_id, 'ack'))) return 'no ack';
				return using(async (again) => {
					again.send(sent);
					return (await answerTo(again, sent.reading_id, 'ack')) !== undefined || 'no ack the second time';
				});
			}),
		),
		clause('wire', 'a reading that cannot be is refused by a nack, and the connection lives', () =>
			using(async (peer) => {
				const sent = reading(deviceId, { spo2: 'high' });
				peer.send(sent);
				if (!(await answerTo(peer, sent.reading_id, 'nack'))) return 'no nack';
				return (await peer.lives()) || 'the connection ended';
			}),
		),
		clause('wire', 'rubbish is no end of the server: the next connection is taken', async () => {
			await using(async (peer) => {
				peer.send('{"type":');
				await peer.lives().catch(() => false);
				return true;
			});
			return using(async (peer) => (await peer.lives()) || 'the connection ended');
		}),
		clause('wire', 'a message of 8 MiB ends the connection', () =>
			using(async (peer) => {
				const closed = new Promise<true>((resolve) => peer.socket.once('close', () => resolve(true)));
				peer.send(`"${'x'.repeat(8 << 20)}"`);
				return within(timeout, 'close', closed);
			}),
		),
	];
	if (secret === undefined) return clauses;
	return [
		...clauses,
		clause('wire', 'nobody without a token comes in', async () => refuses(undefined)),
		clause('wire', 'nobody with a token of another key comes in', async () =>
			refuses(await bearer({ secret: `another ${secret}` })),
		),
		clause('wire', 'nobody with a token of last week comes in', async () =>
			refuses(await bearer({ lifetime: -604_800 })),
		),
		clause('wire', 'a device cannot come in as another', async () => refuses(await bearer(), `${deviceId}-other`)),
	];
}
