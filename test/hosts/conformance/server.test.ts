import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { examine, type Identity } from '../../../hosts/conformance/clause';
import { httpClauses } from '../../../hosts/conformance/http';
import { mqttClauses } from '../../../hosts/conformance/mqtt';
import { webSocketClauses } from '../../../hosts/conformance/websocket';
import { rig } from '../server/support';

test('our own server holds every clause, the guide’s and the wire format’s', async () => {
	const server = await rig();
	const { device_id, device_secret, user, password } = server.device('KIT');
	const identity: Identity = {
		deviceId: device_id,
		ca: readFileSync(server.caFile, 'utf8'),
		secret: device_secret,
		mqttUser: user,
		mqttPassword: password,
		timeout: 20_000,
	};
	const verdicts = await examine([
		...httpClauses(`https://localhost:${server.httpsPort}`, identity),
		...mqttClauses(`mqtts://localhost:${server.mqttsPort}`, identity, 'fajma/esp32'),
		...webSocketClauses(`wss://localhost:${server.httpsPort}`, identity),
	]);
	expect(verdicts.length).toBeGreaterThan(40);
	expect(verdicts.filter(({ held }) => !held)).toEqual([]);
});
