import { existsSync } from 'node:fs';
import { join } from 'node:path';
import {
	type CredentialFile,
	devEuiPattern,
	type KnownDevice,
	newSecret,
	passwordHash,
	readCredentials,
	readJson,
	tokenHash,
	writeCredentials,
} from './credentialfile';
import { deviceIdPattern } from './schema';
import { type StatePaths, statePaths, writePrivate } from './state';

/** What a device must be given: its file is the only place where all of it stands. */
export interface DeviceCredentials {
	readonly device_id: string;
	readonly user: string;
	/** For the broker: 32 random bytes, base64url. */
	readonly password: string;
	/** For its tokens, over HTTP and WebSocket: 43 characters; their UTF-8 bytes are the key of HS256. */
	readonly device_secret: string;
}

export interface OperatorCredentials {
	readonly name: string;
	/** For `Authorization: Bearer …`: 32 random bytes, base64url. */
	readonly token: string;
}

/** @throws Error when it cannot be a device's name */
export function checkDeviceId(deviceId: string): void {
	if (!deviceIdPattern.test(deviceId))
		throw new Error(
			`device_id: ${JSON.stringify(deviceId)} must be 1 to 64 letters, digits, "_", "-" or, not first, "."`,
		);
}

/**
 * Gives a device its name, password and secret: `<state>/devices/<device_id>.json` is what the device must be given,
 * `<state>/credentials.json` what the server keeps. A device that is enrolled already keeps what it has.
 * @throws Error when the id is not one, or the state folder cannot be written
 */
export function enrol(state: string, deviceId: string): DeviceCredentials {
	return enrolAll(state, [deviceId])[0]!;
}

/** `enrol` for many at once: the server's file is written once. */
export function enrolAll(state: string, deviceIds: readonly string[]): DeviceCredentials[] {
	for (const deviceId of deviceIds) checkDeviceId(deviceId);
	const paths = statePaths(state);
	const devices = deviceIds.map((deviceId) => deviceFile(paths, deviceId));
	const before = readCredentials(paths.credentials);
	const known = new Map(before.devices.map((device) => [device.device_id, device]));
	const added = devices
		.filter(({ device_id }) => !known.has(device_id))
		.map(({ device_id, user, password, device_secret }): KnownDevice => {
			return { device_id, user, scrypt: passwordHash(password), secrets: [device_secret] };
		});
	const lacking = new Map(
		devices
			.filter(({ device_id }) => known.has(device_id) && known.get(device_id)!.secrets === undefined)
			.map(({ device_id, device_secret }) => [device_id, device_secret]),
	);
	if (added.length + lacking.size > 0)
		// Read again there: hashing takes a while, and somebody else may enrol at the same time.
		change(paths, ({ devices, operators }) => ({
			devices: [...devices.map((device) => withSecret(device, lacking.get(device.device_id))), ...added],
			operators,
		}));
	return devices;
}

/**
 * Says by which DevEUI network servers know a device.
 * @throws Error when the device is not enrolled, the DevEUI is none, or another device's
 */
export function setDevEui(state: string, deviceId: string, devEui: string): void {
	const own = devEui.toLowerCase();
	if (!devEuiPattern.test(own)) throw new Error('dev_eui: must be 16 hexadecimal digits');
	const paths = statePaths(state);
	const { devices } = readCredentials(paths.credentials);
	if (!devices.some(({ device_id }) => device_id === deviceId))
		throw new Error(`device_id: ${deviceId} is not enrolled`);
	const other = devices.find(({ device_id, dev_eui }) => dev_eui === own && device_id !== deviceId);
	if (other) throw new Error(`dev_eui: ${own} is ${other.device_id}'s`);
	change(paths, ({ devices, operators }) => ({
		devices: devices.map((device) => (device.device_id === deviceId ? { ...device, dev_eui: own } : device)),
		operators,
	}));
}

/** Gives a secret to each device that was enrolled before devices had one, and whose file is still here. */
export function completeSecrets(state: string): void {
	const paths = statePaths(state);
	const { devices } = readCredentials(paths.credentials);
	const without = devices.filter(({ secrets }) => secrets === undefined).map(({ device_id }) => device_id);
	enrolAll(
		state,
		without.filter((deviceId) => existsSync(join(paths.devices, `${deviceId}.json`))),
	);
}

/**
 * A new secret for a device; the one it had holds until the next rotation, so that nothing stops meanwhile.
 * @throws Error when no such device is enrolled
 */
export function rotateSecret(state: string, deviceId: string): DeviceCredentials {
	checkDeviceId(deviceId);
	const paths = statePaths(state);
	if (!readCredentials(paths.credentials).devices.some(({ device_id }) => device_id === deviceId))
		throw new Error(`device_id: ${deviceId} is not enrolled`);
	const device = { ...enrol(state, deviceId), device_secret: newSecret() };
	// The server first: a device must never hold a secret that the server does not know.
	change(paths, ({ devices, operators }) => ({
		devices: devices.map((known) =>
			known.device_id === deviceId
				? { ...known, secrets: [device.device_secret, ...(known.secrets ?? [])].slice(0, 2) }
				: known,
		),
		operators,
	}));
	writeJson(join(paths.devices, `${deviceId}.json`), device);
	return device;
}

/**
 * A token for a person or a program that may send commands: in `<state>/operators/<name>.json`. Who has one keeps it.
 * @throws Error when the name is none
 */
export function addOperator(state: string, name: string): OperatorCredentials {
	if (!deviceIdPattern.test(name))
		throw new Error(`operator: ${JSON.stringify(name)} must be 1 to 64 letters, digits, "_", "-" or, not first, "."`);
	const paths = statePaths(state);
	const path = join(paths.operators, `${name}.json`);
	const existing = readJson(path) as OperatorCredentials | undefined;
	const operator = existing ?? { name, token: newSecret() };
	if (!existing) writeJson(path, operator);
	const sha256 = tokenHash(operator.token);
	if (!readCredentials(paths.credentials).operators.some((known) => known.sha256 === sha256))
		change(paths, ({ devices, operators }) => ({
			devices,
			operators: [...operators.filter((known) => known.name !== name), { name, sha256 }],
		}));
	return operator;
}

function deviceFile(paths: StatePaths, deviceId: string): DeviceCredentials {
	const path = join(paths.devices, `${deviceId}.json`);
	const existing = readJson(path) as DeviceCredentials | undefined;
	if (existing?.device_secret) return existing;
	const device = {
		device_id: deviceId,
		user: deviceId,
		password: newSecret(),
		...existing,
		device_secret: newSecret(),
	};
	writeJson(path, device);
	return device;
}

function withSecret(device: KnownDevice, secret: string | undefined): KnownDevice {
	return secret === undefined ? device : { ...device, secrets: [secret] };
}

function change(paths: StatePaths, how: (before: CredentialFile) => CredentialFile): void {
	writeCredentials(paths.credentials, how(readCredentials(paths.credentials)));
}

function writeJson(path: string, content: object): void {
	writePrivate(path, `${JSON.stringify(content, undefined, '\t')}\n`);
}
