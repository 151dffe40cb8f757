import { Ingest } from '../../hosts/server/ingest';
import { Store } from '../../hosts/server/store';
import { type Engine, type Plugs, VirtualBoard } from '../../hosts/simulator/board/board';
import { PowerCut, VirtualFlash } from '../../hosts/simulator/board/flash';
import type { JoinTimes } from '../../hosts/simulator/board/link';
import { VirtualStore } from '../../hosts/simulator/board/store';
import { Lifeline } from '../../hosts/simulator/net/lifeline';
import { virtualHttp, virtualMqtt, virtualTime, virtualWebSocket } from '../../hosts/simulator/net/parts';
import { type LinkOptions, type VirtualLine, VirtualNetwork } from '../../hosts/simulator/net/virtual';
import { VirtualBroker, type VirtualBrokerOptions } from '../../hosts/simulator/net/virtual-broker';
import { VirtualHttpServer } from '../../hosts/simulator/net/virtual-http-server';
import type { Inbound } from '../../hosts/simulator/net/virtual-session';
import { substream } from '../../hosts/simulator/random';
import { livePersonSensor, Person, personSensor } from '../../hosts/simulator/sensors/person';
import { Worn } from '../../hosts/simulator/sensors/worn';
import { VirtualTime } from '../../hosts/simulator/time';
import type { Channel, Sensor, WakeCause } from '../../modules/ports';
import { VirtualWeb } from './web';
import { WebSocketDoor } from './websocket-door';

/** Noon of a day, when every world begins. */
export const NOON = 1_767_268_800_000;

export interface WorldOptions {
	readonly seed?: number;
	readonly engine?: Engine;
	readonly broker?: Pick<VirtualBrokerOptions, 'authenticate' | 'maySubscribe'>;
}

export interface BoardSetUp {
	readonly settings?: Readonly<Record<string, unknown>>;
	readonly link?: LinkOptions;
	readonly blocks?: number;
	readonly sensors?: readonly Sensor[];
	/** The person's heart is watched all the time. */
	readonly live?: boolean;
	/** The drivers of the board, on the models of their parts, instead of one sensor that knows the person. */
	readonly worn?: boolean;
	/** Undefined: the board has no clock until somebody tells it the time. Else it knows it. */
	readonly clockless?: boolean;
	/** It has a LoRaWAN radio. */
	readonly lora?: Plugs['lora'];
	/** It asks these for the time: names that a VirtualNtp has. */
	readonly timeServers?: readonly string[];
	readonly sleepDriftPpm?: number;
	readonly joinTimes?: JoinTimes;
}

export interface Resident {
	readonly board: VirtualBoard;
	readonly person: Person;
	/** What it wears, if it was asked for. */
	readonly worn: Worn | undefined;
	readonly flash: VirtualFlash;
	readonly store: VirtualStore;
	readonly line: VirtualLine;
	readonly log: string[];
	/** Readings kept, over all boots: what the server must have in the end. */
	taken(): number;
	/** Boots the board; a power cut that was set to hit during the boot leaves it off. */
	powerOn(cause?: WakeCause): void;
	cutPower(): void;
}

/** Boards, a network, a broker and the real ingest over a real database, all in virtual time from one seed. */
export function makeWorld({ seed = 1, engine, broker: rules = {} }: WorldOptions = {}) {
	const time = new VirtualTime();
	const network = new VirtualNetwork({ scheduler: time, random32: substream(seed, 'network') });
	const store = new Store(':memory:');
	const makeIngest = () =>
		new Ingest({
			store,
			now: () => NOON + Math.floor(time.now),
			schedule: (run, delay) => {
				time.schedule(delay, run);
			},
		});
	let ingest = makeIngest();
	/** The chance that a commit's receipt never leaves the server. */
	const server = { receiptLoss: 0, ingest: () => ingest };
	const chance = substream(seed, 'server');
	const submit = ({ clientId, topic, payload }: Inbound, acknowledge: () => void): void => {
		const channel = topic.slice(topic.lastIndexOf('/') + 1) as Channel;
		const body = Buffer.from(payload);
		ingest.submit(
			{ door: 'mqtt', deviceId: clientId, channel, body, receivedAt: NOON + Math.floor(time.now) },
			(outcome) => {
				if (outcome !== 'busy' && chance() / 2 ** 32 >= server.receiptLoss) acknowledge();
			},
		);
	};
	const broker = new VirtualBroker({
		...rules,
		network,
		host: 'broker.example',
		port: 8883,
		onPublish: submit,
		onWill: (will) => submit(will, () => {}),
	});

	const web = new VirtualWeb({ ingest: () => ingest, now: () => NOON + Math.floor(time.now) });
	const http = new VirtualHttpServer({
		network,
		host: 'server.example',
		port: 443,
		onRequest: (request) => web.receive(request),
	});

	const webSocket = new WebSocketDoor({
		network,
		host: 'server.example',
		port: 8443,
		now: () => NOON + Math.floor(time.now),
		ingest: () => ingest,
		loses: () => chance() / 2 ** 32 < server.receiptLoss,
	});

	function addBoard(name: string, setUp: BoardSetUp = {}): Resident {
		const {
			settings = {},
			link = {},
			blocks = 32,
			sensors,
			clockless = false,
			live = false,
			lora,
			timeServers,
			sleepDriftPpm,
			joinTimes,
		} = setUp;
		// Lives on, whatever becomes of the board.
		const person = new Person(substream(seed, name), () => time.now / 1000);
		const direct = live ? livePersonSensor(person) : personSensor(person);
		const worn = setUp.worn
			? new Worn({ scheduler: time, random32: substream(seed, `${name} worn`), person })
			: undefined;
		const flash = new VirtualFlash({ blocks, random32: substream(seed, `${name} flash`) });
		const keyValue = new VirtualStore();
		const line = network.link(link);
		const log: string[] = [];
		let before = 0;
		const board = new VirtualBoard({
			scheduler: time,
			random32: substream(seed, `${name} board`),
			flash,
			store: keyValue,
			log: (level, source, message) => log.push(`${level} ${source}: ${message}`),
			settings: { deviceId: name, mqttUrl: 'mqtts://broker.example', dataIntervalSeconds: 30, ...settings },
			epoch: clockless ? undefined : NOON,
			...(engine && { engine }),
			onPowerLost: (firmware) => {
				before += firmware.report().journaled;
			},
			...(sleepDriftPpm !== undefined && { sleepDriftPpm }),
			...(joinTimes && { joinTimes }),
			plug: () => {
				const lifeline = new Lifeline();
				return {
					sensors: sensors ?? (worn ? [] : [direct]),
					wiring: worn,
					mqtt: () => virtualMqtt(line, lifeline),
					http: () => virtualHttp(line, lifeline),
					webSocket: () => virtualWebSocket(line, lifeline),
					...(timeServers && { timekeeping: virtualTime(line, timeServers, lifeline) }),
					lora,
					cut: () => lifeline.cut(),
				};
			},
		});
		return {
			board,
			person,
			worn,
			flash,
			store: keyValue,
			line,
			log,
			taken: () => before + (board.isOn ? board.device.report().journaled : 0),
			powerOn(cause) {
				flash.powerOn();
				try {
					board.powerOn(cause);
				} catch (thrown) {
					if (!(thrown instanceof PowerCut)) throw thrown;
				}
			},
			cutPower() {
				board.cutPower();
				flash.powerOff();
			},
		};
	}

	const count = store.database.prepare('SELECT count(*) FROM readings').pluck();
	return {
		time,
		network,
		broker,
		/** The HTTP server: its process, and what it answers. */
		http,
		/** The server's WebSocket door, `wss://server.example:8443`. */
		webSocket,
		web,
		server,
		addBoard,
		/** Rows at the server, each reading once. */
		rows: () => count.get() as number,
		/** What the server's database says; for one look at the end. */
		query: (sql: string, ...values: unknown[]) =>
			store.database.prepare(sql).all(...values) as Record<string, unknown>[],
		/** The server dies: what was not committed is gone, and so is every receipt that was on its way. */
		crashServer() {
			broker.crash();
			http.crash();
			webSocket.server.crash();
			webSocket.server.restart();
			ingest = makeIngest();
		},
		close: () => store.close(),
	};
}
