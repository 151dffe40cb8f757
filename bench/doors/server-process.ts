/** The server in a process of its own, for benches: `node --expose-gc --import tsx server-process.ts STATE`. */
import { startServer } from '../../hosts/server/server';

export interface Ports {
	readonly https: number;
	readonly mqtts: number;
	readonly caFile: string;
}

export interface Answer {
	/** Resident bytes of the process after a collection, and those of JavaScript's heap. */
	readonly resident: number;
	readonly heap: number;
	/** New rows since it started. */
	readonly rows: number;
}

const server = await startServer({
	state: process.argv[2]!,
	host: '127.0.0.1',
	httpPort: 0,
	httpsPort: 0,
	mqttsPort: 0,
	perSecond: 1_000_000,
});
process.on('message', (message) => {
	if (message === 'end') return void server.close().then(() => process.exit(0));
	(globalThis as { gc?: () => void }).gc?.();
	const { rss, heapUsed } = process.memoryUsage();
	process.send!({ resident: rss, heap: heapUsed, rows: server.counts().rows } satisfies Answer);
});
process.on('disconnect', () => process.exit(1));
process.send!({ https: server.httpsPort, mqtts: server.mqttsPort!, caFile: server.caFile } satisfies Ports);
