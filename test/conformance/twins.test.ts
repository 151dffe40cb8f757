import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { VirtualFlash } from '../../hosts/simulator/board/flash';
import { VirtualStore } from '../../hosts/simulator/board/store';
import { NodeDns } from '../../hosts/simulator/net/dns';
import { NodeHttpClient } from '../../hosts/simulator/net/http-client';
import { NodeMqttClient } from '../../hosts/simulator/net/mqtt-client';
import { NodeTcp } from '../../hosts/simulator/net/tcp';
import { NodeTls } from '../../hosts/simulator/net/tls';
import { NodeWebSocketClient } from '../../hosts/simulator/net/websocket-client';
import type { Bench } from './cases/bench';
import { runCase, table, type Verdict } from './cases/table';
import { type Peer, startPeer } from './peer';

let peer: Peer;
let bench: Bench;
let folder: string;

beforeAll(async () => {
	peer = await startPeer();
	folder = mkdtempSync(join(tmpdir(), 'conformance-'));
	const tcp = { io: NodeTcp };
	const dns = { io: NodeDns };
	const file = (name: string, extension: string): string => join(folder, `${name.replace(/\W/g, '')}.${extension}`);
	bench = {
		maker: 'twin',
		tcp,
		tls: { io: NodeTls, ca: peer.ca },
		dns,
		mqtt: { io: NodeMqttClient, dns, socket: tcp },
		webSocket: { io: NodeWebSocketClient, dns, socket: tcp },
		http: { io: NodeHttpClient, dns, socket: tcp },
		keyValue: (name) => new VirtualStore(file(name, 'json')),
		flash: (name) => VirtualFlash.open(file(name, 'flash'), { blocks: 4 }),
		port: (behaviour) => peer.port(behaviour),
		later: (delay, run) => void setTimeout(run, delay),
	};
});

afterAll(() => {
	peer.close();
	rmSync(folder, { recursive: true });
});

describe.each(table)('%s', (_, cases) => {
	test.each(cases.map((entry) => [entry.name, entry] as const))('%s', async (_, entry) => {
		const verdict = await new Promise<Verdict>((resolve) => runCase(bench, entry, resolve));
		expect(verdict.good, verdict.words).toBe(true);
	});
});
