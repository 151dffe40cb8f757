import { randomUUID } from 'node:crypto';
import type { Database, Statement } from 'better-sqlite3';
import type { Json } from '../json';
import { type Door, Refusal } from '../message';
import { violationOf } from '../schema';
import { argumentsViolation, type CommandName, commandNames } from './catalogue';

/** As it goes out, over every door. Times in epoch ms. */
export interface WireCommand {
	readonly command_id: string;
	readonly command: CommandName;
	readonly arguments: Json;
	readonly device_id: string;
	readonly issued: number;
	readonly expires: number;
}

/** done, refused and failed are the device's word; until it speaks: queued, sent, and in the end expired. */
export type CommandState = 'queued' | 'sent' | 'done' | 'refused' | 'failed' | 'expired';

export interface ShownCommand extends WireCommand {
	readonly state: CommandState;
	readonly operator: string;
	/** When it first went out, and by which door. */
	readonly sent_at?: number;
	readonly sent_by?: Door;
	/** When the device's word came, and what it adds. */
	readonly finished_at?: number;
	readonly detail?: string;
}

/** A way to devices that are connected now. */
export interface Delivery {
	readonly door: Door;
	/** @returns whether it went out; the device's reply is the only receipt */
	deliver(deviceId: string, commands: readonly WireCommand[]): boolean;
}

/** What stands in the way of a command that is well formed. */
export class Conflict extends Error {
	override readonly name = 'Conflict';
}

interface Row {
	readonly command_id: string;
	readonly device_id: string;
	readonly command: CommandName;
	readonly arguments: string;
	readonly issued: number;
	readonly expires: number;
	readonly operator: string;
	readonly sent_at: number | null;
	readonly sent_by: Door | null;
	readonly status: 'done' | 'refused' | 'failed' | null;
	readonly detail: string | null;
	readonly finished_at: number | null;
}

const hour = 3_600_000;
const defaultLife = 24 * hour;
const longestLife = 30 * 24 * hour;
/** Of one device, that wait at once. */
export const maximumWaiting = 64;
/** In one answer: a device on a small heap reads it. */
const atOnce = 8;
/** A device has had so long for its reply before it is told again. */
export const patience = 60_000;

export const commandSchema = {
	type: 'object',
	required: ['command'],
	additionalProperties: false,
	properties: {
		command: { type: 'string', enum: commandNames },
		arguments: { type: 'object', description: 'an object, as the command has it' },
		expires: { type: 'integer', minimum: 0, description: 'epoch ms, up to 30 days ahead; a day unless said' },
		command_id: {
			type: 'string',
			pattern: '^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$',
			description: 'a UUID in small letters; the same one again is the same command',
		},
	},
} as const;

/**
 * What devices are told to do: kept until the device's reply comes or the time is over, and sent on every way there is.
 * A reply is taken by the store, in the transaction that writes it.
 *
 *     queued ──went out──▶ sent ──reply──▶ done | refused | failed
 *        └────────────────────┴──time──▶ expired          (a reply that comes late still counts)
 */
export class Commands {
	readonly #now: () => number;
	readonly #deliveries: Delivery[] = [];
	readonly #insert: Statement;
	readonly #waiting: Statement;
	readonly #waitingCount: Statement;
	readonly #unsent: Statement;
	readonly #sent: Statement;
	readonly #one: Statement;
	readonly #list: Statement;
	readonly #ids: Statement;

	constructor(database: Database, now: () => number) {
		this.#now = now;
		this.#insert = database.prepare(
			`INSERT INTO commands (command_id, device_id, command, arguments, issued, expires, operator)
			VALUES (?, ?, ?, ?, ?, ?, ?)`,
		);
		const unanswered = 'FROM commands WHERE device_id = ? AND status IS NULL AND expires > ?';
		this.#waiting = database.prepare(`SELECT * ${unanswered} ORDER BY id LIMIT ?`);
		this.#waitingCount = database.prepare(`SELECT count(*) ${unanswered}`).pluck();
		this.#unsent = database.prepare(
			'SELECT * FROM commands WHERE status IS NULL AND sent_at IS NULL AND expires > ? ORDER BY id LIMIT 1000',
		);
		this.#sent = database.prepare(
			'UPDATE commands SET sent_at = ?, sent_by = ? WHERE command_id = ? AND sent_at IS NULL',
		);
		this.#one = database.prepare('SELECT * FROM commands WHERE command_id = ?');
		this.#ids = database
			.prepare(
				`SELECT command_id FROM commands WHERE device_id = ?
				ORDER BY status IS NOT NULL, iif(status IS NULL, id, -id) LIMIT 1000`,
			)
			.pluck();
		this.#list = database.prepare('SELECT * FROM commands WHERE device_id = ? ORDER BY id DESC LIMIT ?');
	}

	/** For commands from now on. */
	addDelivery(delivery: Delivery): void {
		this.#deliveries.push(delivery);
	}

	/**
	 * Keeps a command, and sends it if the device is connected.
	 * @returns it, and whether it is new (an id that came before is the same command)
	 * @throws Refusal when it is none; Conflict when its id is another command's, or too many wait
	 */
	issue(
		deviceId: string,
		request: Json,
		operator: string,
	): { readonly command: ShownCommand; readonly isNew: boolean } {
		const wrong = violationOf(commandSchema, request);
		if (wrong !== undefined) throw new Refusal(wrong);
		const fields = request as { command: CommandName; arguments?: Json; expires?: number; command_id?: string };
		const { command, arguments: given = {}, command_id: id = randomUUID() } = fields;
		const violation = argumentsViolation(command, given);
		if (violation !== undefined) throw new Refusal(violation);
		const now = this.#now();
		const before = this.#one.get(id) as Row | undefined;
		if (before) {
			if (before.device_id !== deviceId || before.command !== command || before.arguments !== JSON.stringify(given))
				throw new Conflict(`command_id: ${id} is another command's`);
			return { command: this.#shown(before), isNew: false };
		}
		const { expires = now + defaultLife } = fields;
		if (expires <= now) throw new Refusal(`expires: ${expires} is over; the server's clock says ${now}`);
		if (expires > now + longestLife) throw new Refusal(`expires: ${expires} is above ${now + longestLife} (30 days)`);
		if ((this.#waitingCount.get(deviceId, now) as number) >= maximumWaiting)
			throw new Conflict(`command: ${maximumWaiting} wait for ${deviceId} already`);
		this.#insert.run(id, deviceId, command, JSON.stringify(given), now, expires, operator);
		this.#deliver(deviceId, [wire(this.#one.get(id) as Row)]);
		return { command: this.#shown(this.#one.get(id) as Row), isNew: true };
	}

	/**
	 * What a device that is there now must be told: the oldest of what waits. It counts as sent.
	 * @param bytes of JSON, at most; 2,048 have room for any one
	 */
	take(deviceId: string, door: Door, bytes = Number.POSITIVE_INFINITY): readonly WireCommand[] {
		const taken: WireCommand[] = [];
		for (const row of this.#waiting.all(deviceId, this.#now(), atOnce) as Row[]) {
			const command = wire(row);
			bytes -= Buffer.byteLength(JSON.stringify(command)) + 1;
			if (bytes < 0) break;
			taken.push(command);
			if (row.sent_at === null) this.#sent.run(this.#now(), door, row.command_id);
		}
		return taken;
	}

	/**
	 * A device that says that it is there is told again what it has not answered for a while: it may have been told too much at
	 * once, or not have heard. It does each id once.
	 */
	heard({ deviceId, body }: { readonly deviceId: string; readonly body: string }): void {
		const { status } = JSON.parse(body) as { status?: Json };
		if (status === 'offline' || status === 'sleeping') return;
		const late = this.#now() - patience;
		const rows = (this.#waiting.all(deviceId, this.#now(), atOnce) as Row[]).filter(({ issued }) => issued <= late);
		// LoRaWAN has a queue of its own, and no heartbeat.
		if (rows.length > 0) this.#deliver(deviceId, rows.map(wire), ({ door }) => door !== 'lorawan');
	}

	/** What never went out, of all devices: for a broker that keeps it for them. The oldest thousand. */
	unsent(): readonly WireCommand[] {
		return (this.#unsent.all(this.#now()) as Row[]).map(wire);
	}

	/** It went out, at last. */
	sent({ command_id }: WireCommand, door: Door): void {
		this.#sent.run(this.#now(), door, command_id);
	}

	/** Undefined where this device was never told so. */
	one(deviceId: string, commandId: string): ShownCommand | undefined {
		const row = this.#one.get(commandId) as Row | undefined;
		return row?.device_id === deviceId ? this.#shown(row) : undefined;
	}

	/** The id of a device's command that is the one: the oldest that waits for its reply, else the newest of the last thousand. */
	find(deviceId: string, isIt: (commandId: string) => boolean): string | undefined {
		return (this.#ids.all(deviceId) as string[]).find(isIt);
	}

	/** Newest first. */
	list(deviceId: string, limit: number): ShownCommand[] {
		return (this.#list.all(deviceId, limit) as Row[]).map((row) => this.#shown(row));
	}

	#deliver(deviceId: string, commands: readonly WireCommand[], by: (way: Delivery) => boolean = () => true): void {
		// By every way: one of them may hang without anybody knowing yet, and a device does each id once.
		const [first] = this.#deliveries.filter(by).filter((delivery) => delivery.deliver(deviceId, commands));
		if (first) for (const { command_id } of commands) this.#sent.run(this.#now(), first.door, command_id);
	}

	#shown(row: Row): ShownCommand {
		const { operator, sent_at, sent_by, status, detail, finished_at, expires } = row;
		const open = expires <= this.#now() ? 'expired' : sent_at === null ? 'queued' : 'sent';
		return {
			...wire(row),
			state: status ?? open,
			operator,
			...(sent_at !== null && { sent_at }),
			...(sent_by !== null && { sent_by }),
			...(finished_at !== null && { finished_at }),
			...(detail !== null && { detail }),
		};
	}
}

function wire({ command_id, command, arguments: given, device_id, issued, expires }: Row): WireCommand {
	return { command_id, command, arguments: JSON.parse(given) as Json, device_id, issued, expires };
}
