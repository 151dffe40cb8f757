import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { SignJWT } from 'jose';
import { readJson } from '../credentialfile';
import type { DeviceCredentials } from '../enrol';
import { statePaths } from '../state';
import { issuer } from './tokens';

/**
 * A token as this device would sign it, for whoever plays its part.
 * @param life in seconds; over 86,400 it is taken only by a server that accepts the guide's tokens
 * @throws Error when the device's file is not here
 */
export async function makeToken(state: string, deviceId: string, life: number): Promise<string> {
	const path = join(statePaths(state).devices, `${deviceId}.json`);
	const device = readJson(path) as DeviceCredentials | undefined;
	if (device?.device_secret === undefined) throw new Error(`${path}: no such device; enrol it first (--enrol)`);
	const now = Math.floor(Date.now() / 1000);
	return new SignJWT({ device_id: deviceId })
		.setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
		.setIssuedAt(now)
		.setExpirationTime(now + Math.ceil(life))
		.setIssuer(issuer)
		.setJti(randomUUID())
		.sign(Buffer.from(device.device_secret));
}
