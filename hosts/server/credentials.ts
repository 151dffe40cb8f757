import { createHmac, randomBytes, scrypt, scryptSync, timingSafeEqual } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { deviceIdPattern } from './schema';
import { statePaths, writePrivate } from './state';

export interface DeviceCredentials {
	readonly device_id: string;
	readonly user: string;
	/** 32 random bytes, base64url. */
	readonly password: string;
}

interface Hash {
	readonly device_id: string;
	readonly user: string;
	readonly scrypt: {
		readonly N: number;
		readonly r: number;
		readonly p: number;
		readonly salt: string;
		readonly key: string;
	};
}

const hashing = promisify<string | Buffer, Buffer, number, { N: number; r: number; p: number }, Buffer>(scrypt);

// The passwords are 256 random bits, which nobody guesses however fast the hash is; a thousand devices that return at
// once after a broker restart must not wait for minutes. Each entry carries its own parameters.
const cost = { N: 4_096, r: 8, p: 1 };
const keyLength = 32;

/**
 * Gives a device its name and password: `<state>/devices/<device_id>.json` is what the device must be given,
 * `<state>/credentials.json` what the server keeps. A device that is enrolled already keeps what it has.
 * @throws Error when the id is not one, or the state folder cannot be written
 */
export function enrol(state: string, deviceId: string): DeviceCredentials {
	return enrolAll(state, [deviceId])[0]!;
}

/** @throws Error when it cannot be a device's name */
export function checkDeviceId(deviceId: string): void {
	if (!deviceIdPattern.test(deviceId))
		throw new Error(`device_id: ${JSON.stringify(deviceId)} must be 1 to 64 letters, digits, "_", "." or "-"`);
}

/** `enrol` for many at once: the server's file is written once. */
export function enrolAll(state: string, deviceIds: readonly string[]): DeviceCredentials[] {
	for (const deviceId of deviceIds) checkDeviceId(deviceId);
	const paths = statePaths(state);
	const devices = deviceIds.map((deviceId) => {
		const path = join(paths.devices, `${deviceId}.json`);
		const existing = readJson(path) as DeviceCredentials | undefined;
		if (existing) return existing;
		const device = { device_id: deviceId, user: deviceId, password: randomBytes(32).toString('base64url') };
		writePrivate(path, `${JSON.stringify(device, undefined, '\t')}\n`);
		return device;
	});
	const known = new Set(readHashes(paths.credentials).map((hash) => hash.device_id));
	const added = devices.filter((device) => !known.has(device.device_id)).map(hashOf);
	if (added.length > 0) {
		// Read again: hashing takes a while, and somebody else may enrol at the same time.
		const all = [...readHashes(paths.credentials), ...added];
		writePrivate(paths.credentials, `${JSON.stringify({ version: 1, devices: all }, undefined, '\t')}\n`);
	}
	return devices;
}

function hashOf({ device_id, user, password }: DeviceCredentials): Hash {
	const salt = randomBytes(16);
	const key = scryptSync(password, salt, keyLength, cost);
	return { device_id, user, scrypt: { ...cost, salt: salt.toString('base64'), key: key.toString('base64') } };
}

function readHashes(path: string): Hash[] {
	const content = readJson(path);
	if (content === undefined) return [];
	const devices = (content as { devices?: unknown } | null)?.devices;
	if (!Array.isArray(devices)) throw new Error(`${path}: devices: must be a list`);
	for (const [index, device] of devices.entries())
		if (!isHash(device))
			throw new Error(`${path}: devices.${index}: must hold device_id, user and scrypt (N, r, p, salt, key)`);
	return devices;
}

function isHash(value: unknown): value is Hash {
	const { device_id, user, scrypt: hash } = (value ?? {}) as Record<string, unknown>;
	const { N, r, p, salt, key } = (hash ?? {}) as Record<string, unknown>;
	const texts = [device_id, user, salt, key].every((text) => typeof text === 'string' && text !== '');
	return texts && [N, r, p].every((factor) => Number.isInteger(factor) && (factor as number) > 0);
}

function readJson(path: string): unknown {
	let text: string;
	try {
		text = readFileSync(path, 'utf8');
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
		throw error;
	}
	try {
		return JSON.parse(text);
	} catch {
		// Not the parser's message: it may quote the file, and the file holds secrets.
		throw new Error(`${path} is not JSON`);
	}
}

/** Who may come in. Reads `<state>/credentials.json` again whenever it changed: a device enrolled meanwhile is known at once. */
export class Credentials {
	readonly #path: string;
	readonly #sessionKey = randomBytes(32);
	/** What was proved since the file was read, as a keyed digest: a device that returns costs no scrypt. */
	readonly #proved = new Map<string, Buffer>();
	#byUser = new Map<string, Hash>();
	#devices = new Set<string>();
	#read = '';

	constructor(state: string) {
		this.#path = statePaths(state).credentials;
		this.#refresh();
	}

	isDevice(deviceId: string): boolean {
		this.#refresh();
		return this.#devices.has(deviceId);
	}

	/** Whether exactly these were verified before. No hashing, no waiting. */
	isProved(user: string, password: Buffer): boolean {
		this.#refresh();
		const proved = this.#proved.get(user);
		return proved !== undefined && timingSafeEqual(proved, this.#digest(user, password));
	}

	/** Whose user and password these are, or undefined. An unknown user takes as long as a wrong password. */
	async verify(user: string, password: Buffer): Promise<string | undefined> {
		this.#refresh();
		const hash = this.#byUser.get(user);
		const digest = this.#digest(user, password);
		const proved = this.#proved.get(user);
		if (hash && proved && timingSafeEqual(proved, digest)) return hash.device_id;
		const { N, r, p } = hash?.scrypt ?? cost;
		const salt = hash ? Buffer.from(hash.scrypt.salt, 'base64') : this.#sessionKey;
		const expected = hash ? Buffer.from(hash.scrypt.key, 'base64') : Buffer.alloc(keyLength);
		const found = await hashing(password, salt, keyLength, { N, r, p });
		if (!hash || expected.length !== found.length || !timingSafeEqual(found, expected)) return undefined;
		// The file may have changed while we computed.
		if (this.#byUser.get(user) !== hash) return undefined;
		this.#proved.set(user, digest);
		return hash.device_id;
	}

	#digest(user: string, password: Buffer): Buffer {
		return createHmac('sha256', this.#sessionKey).update(user).update('\0').update(password).digest();
	}

	#refresh(): void {
		const stat = statSync(this.#path, { throwIfNoEntry: false });
		const version = stat ? `${stat.ino} ${stat.mtimeMs} ${stat.size}` : '';
		if (version === this.#read) return;
		const hashes = readHashes(this.#path);
		this.#byUser = new Map(hashes.map((hash) => [hash.user, hash]));
		this.#devices = new Set(hashes.map((hash) => hash.device_id));
		this.#proved.clear();
		this.#read = version;
	}
}
