import { createServer, type Server, type Socket } from 'node:net';
import { setTimeout as later } from 'node:timers/promises';

const BODY = 'the body';
const SIZED = `Content-Length: ${BODY.length}\r\n\r\n${BODY}`;

/** What is said to a request, by its path; a pause between the pieces. */
const ANSWERS: Readonly<Record<string, readonly string[]>> = {
	'/sized': [`HTTP/1.1 200 Fine by me\r\nX-One: 1\r\nDate:  now \r\n${SIZED}`],
	'/pieces': ['HT', 'TP/1.1 20', '0 OK\r', '\nX-One: a val', 'ue\r\nContent-Len', 'gth: 8\r', '\n\r', '\nthe', ' body'],
	'/none': ['HTTP/1.1 204 No Content\r\n\r\n'],
	'/empty': ['HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'],
	'/chunked': ['HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nthe\r\n', '5;x=y\r\n body\r\n', '0\r\n\r\n'],
	'/trailer': ['HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n8\r\nthe body\r\n0\r\nX: y\r\n\r\n'],
	'/continue': [`HTTP/1.1 100 Continue\r\n\r\n`, `HTTP/1.1 200 OK\r\n${SIZED}`],
	'/wordless': [`HTTP/1.1 200\r\n${SIZED}`],
	'/status': [`HTTP/1.1 503 Later\r\nRetry-After: 7\r\n${SIZED}`],
	'/more': [`HTTP/1.1 200 OK\r\n${SIZED} and more`],
};

/** Ends after these. */
const LAST: Readonly<Record<string, string>> = {
	'/open': `HTTP/1.1 200 OK\r\n\r\n${BODY}`,
	'/short': 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nthe body',
	'/nothing': '',
	'/garbage': 'garbage\r\n\r\n',
};

/** Says what it is told by the path of a request: /said what it heard, the others as above. */
export function httpPeer(): Server {
	return createServer({ noDelay: true }, (socket) => {
		let heard = '';
		socket.on('error', () => {});
		socket.on('data', (chunk) => {
			heard += chunk.toString('latin1');
			for (;;) {
				const end = heard.indexOf('\r\n\r\n');
				const length = Number(/content-length: (\d+)/i.exec(heard.slice(0, Math.max(0, end)))?.[1] ?? 0);
				if (end < 0 || heard.length < end + 4 + length) return;
				const whole = heard.slice(0, end + 4 + length);
				heard = heard.slice(whole.length);
				void answer(socket, whole);
			}
		});
	});
}

async function answer(socket: Socket, request: string): Promise<void> {
	const path = request.split(' ')[1]!;
	const last = LAST[path];
	if (last !== undefined) {
		socket.end(last);
		return;
	}
	if (path === '/said') socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${request.length}\r\n\r\n${request}`);
	for (const piece of ANSWERS[path] ?? []) {
		if (socket.writable) socket.write(piece);
		await later(30);
	}
}
