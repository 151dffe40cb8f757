/// <reference path="../../../hosts/sdk.d.ts" />
/**
 * The cases on Moddable's XS, against the SDK's classes and ours over them. By hand, with the peer listening:
 *
 *   npx tsx test/conformance/peer.ts 7400
 *   cd test/conformance/xs; mcconfig -m -p lin -t build; FAJMA_STATE=<an empty folder> <run it>
 */
import TCP from 'embedded:io/socket/tcp';
import UDP from 'embedded:io/socket/udp';
import Resolver from 'embedded:network/dns/resolver/udp';
import HTTPClient from 'embedded:network/http/client';
import MQTTClient from 'embedded:network/mqtt/client';
import WebSocketClient from 'embedded:network/websocket/client';
import Timer from 'timer';
import { DesktopClock } from '../../../hosts/desktop/clock';
import { FileFlash } from '../../../hosts/desktop/flash';
import { environment, halt } from '../../../hosts/desktop/os';
import { FileStore } from '../../../hosts/desktop/store';
import { TLSSocket } from '../../../modules/tls/tls';
import { BEHAVIOURS, type Behaviour, type Bench } from '../cases/bench';
import { runCase, table } from '../cases/table';

const BASE = Number(environment('FAJMA_PEER') ?? 7400);
const folder = environment('FAJMA_STATE') ?? '.';
const only = environment('FAJMA_ONLY');
const port = (behaviour: Behaviour): number => BASE + BEHAVIOURS.indexOf(behaviour);
const file = (name: string, extension: string): string => `${folder}/${name.replace(/\W/g, '')}.${extension}`;

function run(ca: string): void {
	const tcp = { io: TCP, nodelay: true };
	const dns = { io: Resolver, servers: ['127.0.0.1'], socket: { io: UDP } };
	const parts = {
		tcp,
		dns,
		tls: { io: TLSSocket, socket: tcp, clock: new DesktopClock(), ca },
		mqtt: { io: MQTTClient, dns, socket: tcp },
		webSocket: { io: WebSocketClient, dns, socket: tcp },
		http: { io: HTTPClient, dns, socket: tcp },
	};
	const bench: Bench = {
		...(parts as unknown as Pick<Bench, 'tcp' | 'dns' | 'tls' | 'mqtt' | 'webSocket' | 'http'>),
		maker: 'sdk',
		keyValue: (name) => new FileStore(file(name, 'json')),
		flash: (name) => new FileFlash({ path: file(name, 'flash'), blocks: 4, blockLength: 4096 }),
		port,
		later: (delay, then) => void Timer.set(then, delay),
	};
	const cases = table.flatMap(([kind, list]) => list.map((entry) => ({ kind, entry })));
	const left = cases.filter(({ kind, entry }) => only === undefined || `${kind} ${entry.name}`.startsWith(only));
	const total = left.length;
	let bad = 0;
	const next = (): void => {
		const test = left.shift();
		if (!test) {
			trace(`${total} cases, ${bad} bad\n`);
			halt(bad === 0 ? 77 : 78);
		}
		runCase(bench, test.entry, ({ good, words }) => {
			if (!good) bad++;
			trace(`${good ? 'ok ' : 'BAD'} ${test.kind}: ${test.entry.name}: ${words}\n`);
			Timer.set(next, 0);
		});
	};
	next();
}

(globalThis as { abort?: unknown }).abort = (why: string, thrown: unknown) => {
	trace(`${why}: ${thrown}\n`);
};

/** The authority that the peer made for this run. */
let ca = '';
const socket = new (TCP as unknown as new (options: object) => { read(): ArrayBuffer })({
	address: '127.0.0.1',
	port: port('authority'),
	onReadable: () => {
		ca += String.fromArrayBuffer(socket.read());
	},
	onError: () => run(ca),
});
