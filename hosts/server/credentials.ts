import { createHmac, randomBytes, scrypt, timingSafeEqual } from 'node:crypto';
import { statSync } from 'node:fs';
import { promisify } from 'node:util';
import { type KnownDevice, readCredentials, scryptCost, scryptLength, tokenHash } from './credentialfile';
import { statePaths } from './state';

const hashing = promisify<string | Buffer, Buffer, number, { N: number; r: number; p: number }, Buffer>(scrypt);

/** Who may come in. Reads `<state>/credentials.json` again whenever it changed: a device enrolled meanwhile is known at once. */
export class Credentials {
	readonly #path: string;
	readonly #sessionKey = randomBytes(32);
	/** What was proved since the file was read, as a keyed digest: a device that returns costs no scrypt. */
	readonly #proved = new Map<string, Buffer>();
	#byUser = new Map<string, KnownDevice>();
	#secrets = new Map<string, readonly Buffer[]>();
	#operators = new Map<string, string>();
	#devEuis = new Map<string, string>();
	#byDevEui = new Map<string, string>();
	#read = '';

	constructor(state: string) {
		this.#path = statePaths(state).credentials;
		this.#refresh();
	}

	/** Another text whenever the file changed: what was concluded from it before must be forgotten. */
	get version(): string {
		this.#refresh();
		return this.#read;
	}

	isDevice(deviceId: string): boolean {
		this.#refresh();
		return this.#secrets.has(deviceId);
	}

	/** The keys of a device's tokens, the newest first; none of a device that nobody knows. */
	secrets(deviceId: string): readonly Buffer[] {
		this.#refresh();
		return this.#secrets.get(deviceId) ?? [];
	}

	/** By which network servers know a device; undefined where it has no LoRaWAN. */
	devEui(deviceId: string): string | undefined {
		this.#refresh();
		return this.#devEuis.get(deviceId);
	}

	deviceOf(devEui: string): string | undefined {
		this.#refresh();
		return this.#byDevEui.get(devEui);
	}

	/** Whose token this is, or undefined. */
	operator(token: string): string | undefined {
		this.#refresh();
		// Looked up by its hash: what the time of that tells is of no use without the token.
		return this.#operators.get(tokenHash(token));
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
		const { N, r, p } = hash?.scrypt ?? scryptCost;
		const salt = hash ? Buffer.from(hash.scrypt.salt, 'base64') : this.#sessionKey;
		const expected = hash ? Buffer.from(hash.scrypt.key, 'base64') : Buffer.alloc(scryptLength);
		const found = await hashing(password, salt, scryptLength, { N, r, p });
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
		const { devices, operators } = readCredentials(this.#path);
		this.#byUser = new Map(devices.map((device) => [device.user, device]));
		this.#secrets = new Map(
			devices.map(({ device_id, secrets = [] }) => [device_id, secrets.map((secret) => Buffer.from(secret))]),
		);
		const named = devices.flatMap(({ device_id, dev_eui }) =>
			dev_eui === undefined ? [] : [[device_id, dev_eui] as const],
		);
		this.#devEuis = new Map(named);
		this.#byDevEui = new Map(named.map(([device, devEui]) => [devEui, device]));
		this.#operators = new Map(operators.map(({ name, sha256 }) => [sha256, name]));
		this.#proved.clear();
		this.#read = version;
	}
}
