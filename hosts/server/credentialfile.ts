import { createHash, randomBytes, scryptSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { writePrivate } from './state';

/** What `credentials.json` keeps of a device. */
export interface KnownDevice {
	readonly device_id: string;
	readonly user: string;
	readonly scrypt: {
		readonly N: number;
		readonly r: number;
		readonly p: number;
		readonly salt: string;
		readonly key: string;
	};
	/** What its tokens are signed with (HS256 knows no hash of it), the newest first: while one replaces the other, both hold. */
	readonly secrets?: readonly string[];
	/** Its DevEUI, 16 hexadecimal digits, small: by which network servers know it. */
	readonly dev_eui?: string;
}

/** Who may send commands and look at what came: a person, or a program of theirs. */
export interface KnownOperator {
	readonly name: string;
	/** Of the token, in hexadecimal: it is 256 random bits, which nobody guesses however fast the hash is. */
	readonly sha256: string;
}

export interface CredentialFile {
	readonly devices: readonly KnownDevice[];
	readonly operators: readonly KnownOperator[];
}

// The passwords are 256 random bits, which nobody guesses however fast the hash is; a thousand devices that return at
// once after a broker restart must not wait for minutes. Each entry carries its own parameters.
export const scryptCost = { N: 4_096, r: 8, p: 1 };
export const scryptLength = 32;

export const devEuiPattern = /^[0-9a-f]{16}$/;

/** 256 random bits, as text. */
export function newSecret(): string {
	return randomBytes(32).toString('base64url');
}

export function passwordHash(password: string): KnownDevice['scrypt'] {
	const salt = randomBytes(16);
	const key = scryptSync(password, salt, scryptLength, scryptCost);
	return { ...scryptCost, salt: salt.toString('base64'), key: key.toString('base64') };
}

export function tokenHash(token: string): string {
	return createHash('sha256').update(token).digest('hex');
}

/**
 * Nobody, where there is no such file.
 * @throws Error that says what is wrong with it, and quotes none of it
 */
export function readCredentials(path: string): CredentialFile {
	const content = readJson(path);
	if (content === undefined) return { devices: [], operators: [] };
	const { devices, operators = [] } = (content ?? {}) as { devices?: unknown; operators?: unknown };
	if (!Array.isArray(devices)) throw new Error(`${path}: devices: must be a list`);
	if (!Array.isArray(operators)) throw new Error(`${path}: operators: must be a list`);
	for (const [index, device] of devices.entries()) {
		if (!isDevice(device))
			throw new Error(`${path}: devices.${index}: must hold device_id, user and scrypt (N, r, p, salt, key)`);
		if (!isSecrets(device.secrets))
			throw new Error(`${path}: devices.${index}.secrets: must be one or two texts of 32 characters or more`);
		if (device.dev_eui !== undefined && !devEuiPattern.test(device.dev_eui))
			throw new Error(`${path}: devices.${index}.dev_eui: must be 16 hexadecimal digits, small`);
	}
	for (const [index, operator] of operators.entries())
		if (!isOperator(operator)) throw new Error(`${path}: operators.${index}: must hold name and sha256`);
	return { devices, operators };
}

/** @throws the file system's error; the old file then stands as it was */
export function writeCredentials(path: string, { devices, operators }: CredentialFile): void {
	writePrivate(path, `${JSON.stringify({ version: 1, devices, operators }, undefined, '\t')}\n`);
}

/**
 * Undefined where there is no such file.
 * @throws Error when it is not JSON
 */
export function readJson(path: string): unknown {
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

function isDevice(value: unknown): value is KnownDevice {
	const { device_id, user, scrypt } = (value ?? {}) as Record<string, unknown>;
	const { N, r, p, salt, key } = (scrypt ?? {}) as Record<string, unknown>;
	const texts = [device_id, user, salt, key].every((text) => typeof text === 'string' && text !== '');
	return texts && [N, r, p].every((factor) => Number.isInteger(factor) && (factor as number) > 0);
}

/** RFC 7518, section 3.2: a key shorter than the digest is none for HS256. */
function isSecrets(value: unknown): boolean {
	if (value === undefined) return true;
	const isSecret = (secret: unknown) => typeof secret === 'string' && secret.length >= 32 && secret.length <= 512;
	return Array.isArray(value) && value.length >= 1 && value.length <= 2 && value.every(isSecret);
}

function isOperator(value: unknown): value is KnownOperator {
	const { name, sha256 } = (value ?? {}) as Record<string, unknown>;
	return typeof name === 'string' && name !== '' && typeof sha256 === 'string' && /^[0-9a-f]{64}$/.test(sha256);
}
