import type { Queries, ShownReading } from '../queries';
import { quantityNames } from '../schema';
import type { Health } from './local';

const deviceLimit = 100;
const readingLimit = 20;
/** Numbers of readings that one page looks at for what is missing, of all devices together. */
const lookLimit = 100_000;

/** What arrived, for people who would rather look: one page, nothing loaded from elsewhere, no script. */
export function page(queries: Queries, health: Health): string {
	const devices = queries.devices(deviceLimit);
	const sections = devices.map(({ deviceId, rows }) => {
		const readings = queries.readings({ deviceId, from: 0, to: Number.MAX_SAFE_INTEGER, limit: readingLimit });
		const gaps = queries.missing(deviceId, Math.ceil(lookLimit / devices.length));
		const sum = gaps.reduce((total, { count }) => total + count, 0);
		const missing = gaps.some(({ partial }) => partial) ? `${sum} missing among the newest` : `${sum} missing`;
		return `<h2>${escaped(deviceId)}</h2><p>${rows} readings, ${missing} ·
			<a href="/api/iot/readings?device_id=${encodeURIComponent(deviceId)}">JSON</a></p>${table(readings)}`;
	});
	return `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>FAJMA server</title>
		<meta name="viewport" content="width=device-width, initial-scale=1">
		<style>body{font:16px/1.4 system-ui,sans-serif;margin:2rem;color-scheme:light dark}table{border-collapse:collapse}
		td,th{padding:.2rem .7rem;text-align:right;font-variant-numeric:tabular-nums}th{font-weight:600}
		tr+tr{border-top:1px solid #8884}.wide{overflow-x:auto}</style></head><body><h1>FAJMA server</h1>
		<p>${health.status} · ${health.rows} readings · broker ${escaped(health.broker)} · store ${health.store} ·
		${health.duplicates} duplicates and ${health.rejected} refused since the start</p>
		${sections.join('\n') || '<p>Nothing has arrived yet.</p>'}</body></html>`;
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
