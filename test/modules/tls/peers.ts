/** Who the device meets: honest TLS servers, servers that only send bytes, and somebody in the middle who changes them. */
import { createServer, connect as dial, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type TLSSocket, type TlsOptions } from 'node:tls';
import type { Identity } from './certificates';

export interface Peer {
	readonly port: number;
	/** All that the device sent, as it came over the wire. */
	readonly wire: Buffer[];
	/** What came out of TLS at the other end. */
	readonly heard: string[];
	/** Facts that a case asks for. */
	readonly notes: string[];
	close(): void;
}

type Closer = { close(): void };

async function listening(server: Server, rest: Omit<Peer, 'port' | 'close'>, ...others: Closer[]): Promise<Peer> {
	const sockets = new Set<Socket>();
	server.on('connection', (socket) => {
		sockets.add(socket);
		socket.on('close', () => sockets.delete(socket));
		socket.on('error', () => {});
	});
	await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
	const { port } = server.address() as { port: number };
	return {
		...rest,
		port,
		close() {
			server.close();
			for (const socket of sockets) socket.destroy();
			for (const other of others) other.close();
		},
	};
}

const nothing = () => ({ wire: [] as Buffer[], heard: [] as string[], notes: [] as string[] });

export interface TlsPeerOptions extends TlsOptions {
	/** Called with each connection that came through the handshake. Default: answers "hello", echoes after that. */
	readonly serve?: (socket: TLSSocket, peer: Pick<Peer, 'heard' | 'notes'>) => void;
}

/** A TLS server of Node (OpenSSL). */
export async function tlsPeer(identity: Identity | undefined, options: TlsPeerOptions = {}): Promise<Peer> {
	const { serve = answer, ...rest } = options;
	const facts = nothing();
	const server = createTlsServer({ ...(identity && { cert: identity.chain, key: identity.key }), ...rest });
	server.on('secureConnection', (socket) => {
		facts.notes.push(socket.isSessionReused() ? 'reused' : 'full');
		socket.on('error', () => {});
		socket.on('data', (data) => facts.heard.push(data.toString('latin1')));
		serve(socket, facts);
	});
	server.on('tlsClientError', (error: NodeJS.ErrnoException) => facts.notes.push(error.code ?? error.message));
	return listening(server, facts);
}

export function answer(socket: TLSSocket): void {
	socket.once('data', () => socket.write('hello'));
}

export function echo(socket: TLSSocket): void {
	socket.on('data', (data) => socket.write(data));
}

/** Sends bytes: at once, or when the first have come, or as `script` wants. */
export async function rawPeer(
	script: (socket: Socket, hello: Buffer) => void,
	at: 'hello' | 'connect' = 'hello',
): Promise<Peer> {
	const facts = nothing();
	const server = createServer((socket) => {
		socket.on('error', () => {});
		if (at === 'connect') script(socket, Buffer.alloc(0));
		socket.on('data', (data) => {
			if (facts.wire.push(data) === 1 && at === 'hello') script(socket, data);
		});
	});
	return listening(server, facts);
}

/** A TLS record. */
export const record = (type: number, body: Buffer | string, version = 0x0303): Buffer => {
	const bytes = typeof body === 'string' ? Buffer.from(body, 'hex') : body;
	const head = Buffer.alloc(5);
	head[0] = type;
	head.writeUInt16BE(version, 1);
	head.writeUInt16BE(bytes.length, 3);
	return Buffer.concat([head, bytes]);
};

/** A handshake message. */
export const message = (type: number, body: Buffer | string): Buffer => {
	const bytes = typeof body === 'string' ? Buffer.from(body, 'hex') : body;
	const head = Buffer.alloc(4);
	head[0] = type;
	head.writeUIntBE(bytes.length, 1, 3);
	return Buffer.concat([head, bytes]);
};

/** A ServerHello of TLS 1.2 with nothing in it but what is asked for; secure renegotiation is there. */
export function serverHello({ version = 0x0303, suite = 0xc02b, compression = 0, session = 0 } = {}): Buffer {
	const body = Buffer.alloc(2 + 32 + 1 + session + 2 + 1 + 2 + 5);
	body.writeUInt16BE(version, 0);
	body.fill(0x5a, 2, 34);
	body[34] = session;
	body.writeUInt16BE(suite, 35 + session);
	body[37 + session] = compression;
	Buffer.from('0005ff01000100', 'hex').copy(body, 38 + session);
	return message(2, body);
}

/** What the one in the middle does with each record that the server sends: it gives what goes on, END to end there. */
export const END = Buffer.alloc(0);

export type Meddler = (record: Buffer, index: number, held: Buffer[]) => readonly Buffer[];

/** Between the device and an honest server. `index` counts the server's records from 0. */
export async function middle(target: Peer, meddle: Meddler): Promise<Peer> {
	const { heard, notes } = target;
	const wire: Buffer[] = [];
	const server = createServer((near) => {
		const far = dial(target.port, '127.0.0.1');
		const held: Buffer[] = [];
		let pending = Buffer.alloc(0);
		let index = 0;
		near.on('data', (data) => {
			wire.push(data);
			far.write(data);
		});
		far.on('data', (data) => {
			pending = Buffer.concat([pending, data]);
			while (pending.length >= 5 && pending.length >= 5 + pending.readUInt16BE(3)) {
				const length = 5 + pending.readUInt16BE(3);
				const whole = Buffer.from(pending.subarray(0, length));
				pending = pending.subarray(length);
				const out = meddle(whole, index++, held);
				for (const part of out) {
					if (near.writable && part !== END) near.write(part);
					if (part !== END) continue;
					near.end();
					far.destroy();
					return;
				}
			}
		});
		near.on('error', () => {});
		far.on('error', () => {});
		near.on('close', () => far.destroy());
		far.on('close', () => near.end());
	});
	return listening(server, { wire, heard, notes }, target);
}

/** The records of what came, as far as they are whole: their types. */
export function typesIn(chunks: readonly Buffer[]): number[] {
	const bytes = Buffer.concat(chunks);
	const types: number[] = [];
	for (let at = 0; at + 5 <= bytes.length; at += 5 + bytes.readUInt16BE(at + 3)) types.push(bytes[at]!);
	return types;
}
