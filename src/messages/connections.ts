import type { Language } from '../alerts/words';
import type { DeviceReport } from '../report';

/** The guide's words (section 10.1), and the same in English. */
const WORDS = Object.freeze({
	fr: Object.freeze({
		title: '=== État des Connexions ===',
		yes: 'Connecté',
		no: 'Déconnecté',
		none: 'Non configuré',
		signal: 'Signal WiFi',
		memory: 'Mémoire libre',
		uptime: 'Uptime',
		seconds: 'secondes',
		backlog: 'Mesures à livrer',
		unknown: 'inconnu',
	}),
	en: Object.freeze({
		title: '=== Connection Status ===',
		yes: 'Connected',
		no: 'Disconnected',
		none: 'Not configured',
		signal: 'WiFi signal',
		memory: 'Free memory',
		uptime: 'Uptime',
		seconds: 'seconds',
		backlog: 'Readings to deliver',
		unknown: 'unknown',
	}),
});

const ROUTES = Object.freeze([
	Object.freeze({ name: 'mqtt', title: 'MQTT' }),
	Object.freeze({ name: 'websocket', title: 'WebSocket' }),
	Object.freeze({ name: 'http', title: 'HTTP' }),
]);
/** Few boards have it: of the others there is no word on it. */
const LORA = Object.freeze({ name: 'lorawan', title: 'LoRaWAN' });

const END = '==============================';

/** The guide's report of connections, line by line. */
export function connectionLines(report: DeviceReport, language: Language): string[] {
	const words = WORDS[language];
	const { link, rssiDbm, freeHeapBytes, uptimeSeconds, backlog, routes } = report;
	const shown = routes.some(({ name }) => name === LORA.name) ? [...ROUTES, LORA] : ROUTES;
	return [
		words.title,
		`WiFi: ${link === 'up' ? words.yes : words.no}`,
		...shown.map(({ name, title }) => {
			const route = routes.find((each) => each.name === name);
			return `${title}: ${!route ? words.none : route.state === 'open' ? words.yes : words.no}`;
		}),
		`${words.signal}: ${rssiDbm === undefined ? words.unknown : `${rssiDbm} dBm`}`,
		`${words.memory}: ${freeHeapBytes === undefined ? words.unknown : `${freeHeapBytes} bytes`}`,
		`${words.uptime}: ${uptimeSeconds} ${words.seconds}`,
		`${words.backlog}: ${backlog}`,
		END,
	];
}
