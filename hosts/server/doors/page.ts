import type { Queries, ShownReading } from '../queries';
import { type Quantity, quantityNames } from '../schema';
import { chart } from './chart';

/** How the server is. */
export interface Health {
	readonly status: 'ok' | 'degraded';
	/** Rows of readings in all, from every run. */
	readonly rows: number;
	readonly broker: string;
	readonly store: 'writable' | 'failing';
	readonly duplicates: number;
	readonly rejected: number;
	/** Dated by their arrival, because their own time cannot be. */
	readonly undated: number;
	/** Taken out of the quarantine again, to make room. */
	readonly trimmed: number;
}

const deviceLimit = 100;
/** Readings in a chart, and of them in the table. */
const chartLimit = 240;
const readingLimit = 20;
const alertLimit = 5;
/** Numbers of readings that one page looks at for what is missing, of all devices together. */
const lookLimit = 100_000;
/** Seconds after which a browser asks anew. */
const refresh = 5;

const charts = [
	{ name: 'heart_rate', label: 'Heart rate', unit: 'bpm', digits: 0, span: 20 },
	{ name: 'spo2', label: 'SpO2', unit: '%', digits: 1, span: 5 },
	{ name: 'temperature', label: 'Temperature', unit: '°C', digits: 2, span: 1 },
	{ name: 'humidity', label: 'Humidity', unit: '%', digits: 1, span: 10 },
	{ name: 'battery_level', label: 'Battery', unit: '%', digits: 0, span: 10 },
] as const satisfies readonly { readonly name: Quantity; readonly [more: string]: unknown }[];

interface ShownAlert {
	readonly iso: string;
	readonly timestamp: number;
	readonly message: string;
	readonly priority?: string;
}

/**
 * What arrived, for people who would rather look: one page, nothing loaded from elsewhere, no script.
 * @param now epoch ms
 */
export function page(queries: Queries, health: Health, now: number): string {
	const devices = queries.devices(deviceLimit);
	const sections = devices.map(({ deviceId, rows }) => {
		const ever = { deviceId, from: 0, to: Number.MAX_SAFE_INTEGER };
		const readings = queries.readings({ ...ever, limit: chartLimit });
		const alerts = queries.messages('alert', { ...ever, limit: alertLimit }) as ShownAlert[];
		const gaps = queries.missing(deviceId, Math.ceil(lookLimit / devices.length));
		const sum = gaps.reduce((total, { count }) => total + count, 0);
		const missing = gaps.some(({ partial }) => partial) ? `${sum} missing among the newest` : `${sum} missing`;
		const [newest] = readings;
		const seen = newest ? `last ${ago(now - newest.received_at)} by ${escaped(newest.door)} · ` : '';
		return `<section><h2>${escaped(deviceId)}</h2><p>${seen}${rows} readings, ${missing} ·
			<a href="/api/iot/readings?device_id=${encodeURIComponent(deviceId)}">JSON</a></p>
			${list(alerts)}<div class="charts">${pictures(readings, alerts)}</div>${table(readings.slice(0, readingLimit))}</section>`;
	});
	return `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>FAJMA server</title>
		<meta name="viewport" content="width=device-width, initial-scale=1"><meta http-equiv="refresh" content="${refresh}">
		<style>${style}</style></head><body><h1>FAJMA server</h1>
		<p>${health.status} · ${health.rows} readings · broker ${escaped(health.broker)} · store ${health.store} ·
		${health.duplicates} duplicates and ${health.rejected} refused since the start</p>
		${sections.join('\n') || '<p>Nothing has arrived yet.</p>'}</body></html>`;
}

const style = `body{font:16px/1.4 system-ui,sans-serif;margin:2rem;color-scheme:light dark}table{border-collapse:collapse}
	td,th{padding:.2rem .7rem;text-align:right;white-space:nowrap;font-variant-numeric:tabular-nums}th{font-weight:600}
	tr+tr{border-top:1px solid #8884}.wide{overflow-x:auto}small{opacity:.6}
	.charts{display:flex;flex-wrap:wrap;gap:1rem 2rem;margin:1rem 0}figure{margin:0;width:20rem}svg{display:block;width:100%}
	path{fill:none}.line{stroke:#2a7;stroke-width:2;stroke-linecap:round;stroke-linejoin:round}.mark{stroke:#d43;opacity:.7}
	.alerts{padding:0;list-style:none}.alerts li{border-left:.3rem solid #d43;padding-left:.6rem;margin:.3rem 0}`;

function pictures(readings: readonly ShownReading[], alerts: readonly ShownAlert[]): string {
	const oldestFirst = readings.toReversed();
	const marks = alerts.map(({ timestamp }) => timestamp);
	const lines = charts.map(({ name, ...line }) =>
		chart({ ...line, marks, points: oldestFirst.map((each) => ({ time: each.timestamp, value: each[name] })) }),
	);
	return lines.join('');
}

function list(alerts: readonly ShownAlert[]): string {
	if (alerts.length === 0) return '';
	const items = alerts.map(({ iso, message, priority }) => {
		const words = `${message}${priority === undefined ? '' : ` (${priority})`}`;
		return `<li>${escaped(words)} <small>${iso}</small></li>`;
	});
	return `<ul class="alerts">${items.join('')}</ul>`;
}

/** @param duration ms */
function ago(duration: number): string {
	const seconds = Math.max(0, Math.round(duration / 1000));
	if (seconds < 120) return `${seconds} s ago`;
	if (seconds < 7_200) return `${Math.round(seconds / 60)} min ago`;
	return seconds < 172_800 ? `${Math.round(seconds / 3_600)} h ago` : `${Math.round(seconds / 86_400)} days ago`;
}

function table(readings: readonly ShownReading[]): string {
	const head = ['time', ...quantityNames, 'reading_id', 'door'].map((name) => `<th scope="col">${name}</th>`).join('');
	const rows = readings.map((reading) => {
		const cells = [reading.iso, ...quantityNames.map((name) => reading[name]), reading.reading_id, reading.door];
		return `<tr>${cells.map((cell) => `<td>${escaped(String(cell ?? '–'))}</td>`).join('')}</tr>`;
	});
	return `<div class="wide"><table><tr>${head}</tr>${rows.join('')}</table></div>`;
}

const entities: Readonly<Record<string, string>> = {
	'&': '&amp;',
	'<': '&lt;',
	'>': '&gt;',
	'"': '&quot;',
	"'": '&#39;',
};

function escaped(text: string): string {
	return text.replace(/[&<>"']/g, (character) => entities[character]!);
}
