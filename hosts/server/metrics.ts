import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { Counts } from './ingest';

/** Looked at when somebody asks. */
export interface Measured {
	readonly counts: () => Counts;
	/** Messages that wait for the disk. */
	readonly waiting: () => number;
	readonly writable: () => boolean;
	/** Connections, by door. */
	readonly connections: () => Readonly<Record<string, number>>;
	readonly listeners: () => number;
}

/** What Prometheus scrapes (text format 0.0.4). No device is named in it: their number has no bound. */
export class Metrics {
	readonly #registry = new Registry();
	readonly #requests: Histogram;

	constructor(measured: Measured) {
		const registers = [this.#registry];
		const gauge = (name: string, help: string, value: () => number) =>
			new Gauge({
				...{ name, help, registers },
				collect() {
					this.set(value());
				},
			});
		const { counts } = measured;
		// Counted by ingest: here they are only shown.
		const outcomes: readonly (keyof Counts)[] = ['rows', 'duplicates', 'rejected', 'messages', 'undated'];
		new Counter({
			name: 'fajma_ingest_total',
			help: 'Messages since the start, by what became of them',
			labelNames: ['outcome'],
			registers,
			collect() {
				this.reset();
				for (const outcome of outcomes) this.inc({ outcome }, counts()[outcome]);
			},
		});
		new Gauge({
			name: 'fajma_connections',
			help: 'Open connections, by door',
			labelNames: ['door'],
			registers,
			collect() {
				for (const [door, count] of Object.entries(measured.connections())) this.set({ door }, count);
			},
		});
		gauge('fajma_ingest_waiting', 'Messages that wait for the disk', measured.waiting);
		gauge('fajma_store_writable', '1, or 0 while the last commit failed', () => Number(measured.writable()));
		gauge('fajma_feed_listeners', 'Who looks at live data', measured.listeners);
		gauge('process_resident_memory_bytes', 'Resident memory', () => process.memoryUsage.rss());
		gauge('process_uptime_seconds', 'Since the start', () => process.uptime());
		this.#requests = new Histogram({
			name: 'fajma_http_request_duration_seconds',
			help: 'HTTP requests, by route and status',
			labelNames: ['route', 'status'],
			buckets: [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10],
			registers,
		});
	}

	/** @param route as it was registered: its number is bounded, that of paths is not */
	request(route: string, status: number, seconds: number): void {
		this.#requests.observe({ route, status }, seconds);
	}

	get contentType(): string {
		return this.#registry.contentType;
	}

	text(): Promise<string> {
		return this.#registry.metrics();
	}
}
