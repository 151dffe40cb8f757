/** WebSocket servers for the cases: a good one, made of the package ws, and those that break a rule each. */
import { createHash } from 'node:crypto';
import { createServer as createHttpServer } from 'node:http';
import { createServer, type Server, type Socket } from 'node:net';
import { WebSocketServer } from 'ws';

/** What a server that does nothing but misbehave says after the handshake, piece by piece, 30 ms apart. */
interface Script {
	/** Default: as it must be. */
	readonly accept?: string;
	/** Default: Upgrade. */
	readonly connection?: string;
	readonly headers?: string;
	readonly pieces?: readonly (readonly number[])[];
}

/** 'ask' gives the request as JSON; 'ping' a ping, and then what the pong held; 'bye' a close frame; all else comes back. */
export function webSocketEcho(): Server {
	const sockets = new WebSocketServer({ noServer: true, perMessageDeflate: true });
	const server = createHttpServer((_, response) => response.writeHead(426).end());
	server.on('upgrade', (request, socket, head) => {
		(socket as Socket).setNoDelay(true);
		sockets.handleUpgrade(request, socket, head, (guest) => {
			guest.on('message', (data: Buffer, isBinary: boolean) => {
				const word = isBinary ? '' : data.toString();
				if (word === 'ask') guest.send(JSON.stringify({ url: request.url, ...request.headers }));
				else if (word === 'ping') guest.ping('are you there');
				else if (word === 'bye') guest.close(1001, 'good bye');
				else guest.send(data, { binary: isBinary });
			});
			guest.on('pong', (data: Buffer) => guest.send(`pong ${data.toString()}`));
			guest.on('error', () => {});
		});
	});
	return server;
}

/** Answers any request like this. */
export function webSocketDenied(answer: string): Server {
	return createServer((socket) => {
		socket.on('error', () => {});
		socket.on('data', () => socket.end(answer));
	});
}

/** Says yes, and then what the script says. */
export function webSocketScript({ accept, connection = 'Upgrade', headers = '', pieces = [] }: Script): Server {
	return createServer({ noDelay: true }, (socket) => {
		let request = '';
		socket.on('error', () => {});
		socket.on('data', function answer(chunk) {
			request += chunk.toString('latin1');
			if (!request.endsWith('\r\n\r\n')) return;
			socket.off('data', answer).resume();
			const [, key = ''] = /Sec-WebSocket-Key: (.*)\r\n/.exec(request) ?? [];
			const proof = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
			const lines = `Upgrade: websocket\r\nConnection: ${connection}\r\nSec-WebSocket-Accept: ${accept ?? proof}\r\n${headers}`;
			socket.write(`HTTP/1.1 101 Switching Protocols\r\n${lines}\r\n`);
			void say(socket, pieces);
		});
	});
}

async function say(socket: Socket, pieces: readonly (readonly number[])[]): Promise<void> {
	for (const piece of pieces) {
		await new Promise((later) => setTimeout(later, 30));
		if (!socket.destroyed) socket.write(Uint8Array.from(piece));
	}
}
