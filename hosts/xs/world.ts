/** The world's side of every port: what the firmware on XS asks for is done with what the board's body has. */
import { Fault } from '../../modules/fault';
import type { Client, ClientOptions, Control, Readable } from '../../modules/mqtt/client';
import type { Alarm, LogLevel, Sample } from '../../modules/ports';
import { makeSettings } from '../../src/settings';
import type { Body } from '../simulator/board/board';
import { Handle, MqttEvent, Operation, QUANTITIES } from './device/operations';
import type { Value } from './frames';
import { HttpClients } from './http-clients';
import { WebSocketClients } from './websocket-clients';
import { WiringWorld } from './wiring';

/** Brings an event to the machine. */
export type Tell = (handle: number, ...values: Value[]) => void;

export class World {
	readonly #body: Body;
	readonly #tell: Tell;
	readonly #alarms = new Map<number, Alarm>();
	readonly #clients = new Map<number, Client>();
	readonly #http: HttpClients;
	readonly #webSockets: WebSocketClients;

	readonly #wiring: WiringWorld | undefined;

	constructor(body: Body, tell: Tell) {
		this.#body = body;
		this.#tell = tell;
		this.#http = new HttpClients(() => body.http(makeSettings(body.settings)), tell);
		this.#webSockets = new WebSocketClients(() => body.webSocket(makeSettings(body.settings)), tell);
		this.#wiring = body.wiring && new WiringWorld(body.wiring, tell);
		body.link.onChanged = () => tell(Handle.LINK);
	}

	/**
	 * Does what a request asks for.
	 * @returns nothing, a value, or several
	 * @throws what the body throws
	 */
	answer(operation: number, values: readonly Value[]): readonly Value[] {
		const { clock, networkClock, power, random32, log, store, journal, sensors, link, keepsakes = [] } = this.#body;
		const wifi = keepsakes.find(({ name }) => name === 'wifi');
		const [first, second, third] = values as [number, number, number];
		const text = values as string[];
		switch (operation) {
			case Operation.BOOT:
				return this.#facts();
			case Operation.TICKS:
				return [this.#clock(first).ticks];
			case Operation.TIME:
				return [this.#clock(first).time];
			case Operation.ALARM_SET:
				this.#alarm(first, second).set(third);
				return [];
			case Operation.ALARM_CLEAR:
				this.#alarms.get(first)?.clear();
				return [];
			case Operation.RETAINED:
				return [power.retained];
			case Operation.SLEEP:
				this.#retain(values[1]);
				return power.sleep(first);
			case Operation.RESTART:
				this.#retain(values[0]);
				return power.restart();
			case Operation.RANDOM:
				return [random32()];
			case Operation.LOG:
				log(text[0] as LogLevel, text[1]!, text[2]!);
				return [];
			case Operation.LOG_LEVEL:
				this.#body.setLogLevel(text[0] as LogLevel);
				return [];
			case Operation.STORE_READ:
				return [store.read(text[0]!)];
			case Operation.STORE_WRITE:
				store.write(text[0]!, text[1]!);
				return [];
			case Operation.STORE_DELETE:
				store.delete(text[0]!);
				return [];
			case Operation.FLASH_READ: {
				const bytes = new Uint8Array(second);
				return [bytes.subarray(0, journal.read(bytes, first))];
			}
			case Operation.FLASH_WRITE:
				journal.write(values[1] as Uint8Array, first);
				return [];
			case Operation.FLASH_ERASE:
				journal.eraseBlock(first, second);
				return [];
			case Operation.FLASH_CLOSE:
				journal.close();
				return [];
			case Operation.SENSOR_SAMPLE:
				return this.#quantities(sensors[first]!.sample());
			case Operation.SENSOR_LIVE:
				return this.#quantities(sensors[first]!.live?.());
			case Operation.SENSOR_CLOSE:
				sensors[first]!.close();
				return [];
			case Operation.LINK_STATE:
				return [link.state];
			case Operation.LINK_RSSI:
				return [link.rssiDbm];
			case Operation.LINK_OPEN:
				link.open();
				return [];
			case Operation.LINK_RECALL:
				wifi?.recall(values[0] as Uint8Array);
				return [];
			case Operation.LINK_KEEP:
				return [wifi?.keep()];
			case Operation.LINK_CLOSE:
				link.close();
				return [];
			case Operation.MQTT_OPEN:
				this.#connect(first, text[1]!);
				return [];
			case Operation.MQTT_READ:
				return this.#read(first, second);
			case Operation.MQTT_WRITE:
				return [this.#write(values)];
			case Operation.MQTT_CLOSE:
				this.#clients.get(first)?.close();
				this.#clients.delete(first);
				return [];
			case Operation.HTTP_OPEN:
				this.#http.open(first, text[1]!, third);
				return [];
			case Operation.HTTP_REQUEST:
				this.#http.request(first, text[1]!, text[2]!, text[3]!);
				return [];
			case Operation.HTTP_READ:
				return this.#http.read(first, second);
			case Operation.HTTP_WRITE:
				return [this.#http.write(first, values[1] as Uint8Array)];
			case Operation.HTTP_CLOSE:
				this.#http.close(first);
				return [];
			case Operation.WEBSOCKET_OPEN:
				this.#webSockets.open(first, text[1]!);
				return [];
			case Operation.WEBSOCKET_READ:
				return [this.#webSockets.read(first, second)];
			case Operation.WEBSOCKET_WRITE:
				return [this.#webSockets.write(values)];
			case Operation.WEBSOCKET_CLOSE:
				this.#webSockets.close(first);
				return [];
			default:
				if (this.#wiring) return this.#wiring.answer(operation, values);
				throw new Error(`xs: operation ${operation} (${networkClock === clock})`);
		}
	}

	#facts(): readonly Value[] {
		const { settings, power, journal, clock, networkClock, sensors, wiring } = this.#body;
		const { size, blockLength } = journal.status();
		const clocks = networkClock === clock ? 1 : 2;
		const live = sensors.reduce((bits, { live }, index) => bits | (live ? 1 << index : 0), 0);
		const parts = wiring && JSON.stringify(wiring.parts);
		const names = sensors.map(({ name }) => name);
		return [JSON.stringify(settings), power.cause, size, blockLength, clocks, live, parts, ...names];
	}

	#clock(which: number): Body['clock'] {
		return which === 0 ? this.#body.clock : this.#body.networkClock;
	}

	#alarm(which: number, handle: number): Alarm {
		let alarm = this.#alarms.get(handle);
		if (!alarm) {
			alarm = this.#clock(which).alarm({ onAlarm: () => this.#tell(handle) });
			this.#alarms.set(handle, alarm);
		}
		return alarm;
	}

	#retain(bytes: Value): void {
		if (bytes instanceof Uint8Array) this.#body.power.retained.set(bytes);
	}

	#quantities(sample: Sample | undefined): readonly Value[] {
		// What is no value at all (an object, say) still has to reach the firmware as the nonsense it is.
		const plain = (value: unknown): Value =>
			typeof value === 'object' && value !== null ? String(value) : (value as Value);
		return sample === undefined ? [undefined] : QUANTITIES.map((name) => plain(sample[name]));
	}

	#connect(handle: number, login: string): void {
		const part = this.#body.mqtt(makeSettings(this.#body.settings));
		const tell = (event: number, ...values: Value[]): void => {
			if (this.#clients.has(handle)) this.#tell(handle, event, ...values);
		};
		const options: Omit<ClientOptions, 'dns' | 'socket'> = {
			...(JSON.parse(login) as Pick<ClientOptions, 'host' | 'port' | 'id' | 'clean' | 'keepAlive'>),
			onReadable: (count, { more, topic, QoS, byteLength, retain }: Readable) =>
				tell(MqttEvent.READABLE, count, more, topic, QoS, byteLength, retain),
			onWritable: (count) => tell(MqttEvent.WRITABLE, count),
			onControl: ({ operation, id, returnCode, payload }: Control) =>
				tell(MqttEvent.CONTROL, operation, id, returnCode, payload && new Uint8Array(payload)),
			onClose: () => tell(MqttEvent.CLOSED),
			onError: (reason) => {
				if (reason === undefined) tell(MqttEvent.ERROR);
				else {
					const { code, message } = Fault.from(reason, 'closed');
					tell(MqttEvent.ERROR, code, message);
				}
				this.#clients.delete(handle);
			},
		};
		this.#clients.set(handle, new part.io({ ...part, ...options } as never));
	}

	#read(handle: number, count: number): readonly Value[] {
		const bytes = this.#client(handle).read(count);
		return [bytes && new Uint8Array(bytes)];
	}

	#write(values: readonly Value[]): number {
		const [handle, data, operation, id, topic, QoS, byteLength, duplicate, items] = values;
		const options = { operation, id, topic, QoS, byteLength, duplicate, items: items && JSON.parse(items as string) };
		const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
		return this.#client(handle as number).write(data as Uint8Array | undefined, given as never);
	}

	#client(handle: number): Client {
		const client = this.#clients.get(handle);
		if (!client) throw new Fault('closed', 'the MQTT client is closed');
		return client;
	}
}
