import { createHmac } from 'node:crypto';
import { Tokens } from '../../hosts/server/doors/tokens';
import { must, type Target } from './target';

const NOON = 1_767_268_800_000;
const deviceId = 'ESP32_001';
const secret = 'k'.repeat(43);
const part = (text: string | Buffer): string => Buffer.from(text).toString('base64url');
const sign = (head: string, claims: string | Buffer, key = secret): string => {
	const message = `${part(head)}.${part(claims)}`;
	return `${message}.${createHmac('sha256', key).update(message).digest('base64url')}`;
};
const head = '{"alg":"HS256","typ":"JWT"}';
const claims = Buffer.from(
	JSON.stringify({ device_id: deviceId, iat: NOON / 1000, exp: NOON / 1000 + 3_600, iss: 'fajma-iot', jti: 'a1' }),
);
const heads = [
	'{"alg":"none"}',
	'{"alg":"HS512"}',
	'{"alg":"HS256","crit":["x"]}',
	'{"alg":["HS256"]}',
	'{}',
	'null',
	'[',
	'',
];

export const tokens: Target = {
	name: 'tokens: bytes changed, and any claims under a good signature',
	cases: 60_000,
	make: () => {
		const credentials = { version: '1', secrets: (of: string) => (of === deviceId ? [Buffer.from(secret)] : []) };
		const strict = new Tokens({ credentials, now: () => NOON });
		const guides = new Tokens({ credentials, now: () => NOON, acceptGuideTokens: true });
		const good = sign(head, claims);
		return {
			run: async (material) => {
				const kind = material.below(4);
				const spoilt = material.json([claims]);
				const token = [
					() => material.bytes([Buffer.from(good)]).toString('latin1'),
					() => sign(head, spoilt),
					() => sign(material.pick(heads), spoilt),
					() => sign(head, spoilt, 'another key'),
				][kind]!();
				const bearer = await material.pick([strict, guides]).bearer(token);
				if ('refused' in bearer) {
					must(/^token: .{1,200}$/.test(bearer.refused), () => bearer.refused);
					return 'refused';
				}
				must(bearer.deviceId === deviceId, () => bearer.deviceId);
				// Whoever comes in has signed these very bytes, with the device's own key.
				const [first, second, mac] = token.split('.');
				const right = createHmac('sha256', secret).update(`${first}.${second}`).digest();
				must(Buffer.from(mac!, 'base64').equals(right), () => token);
				const said = JSON.parse(Buffer.from(second!, 'base64').toString());
				must(said.iss === 'fajma-iot' && said.exp >= NOON / 1000 - 60 && kind !== 3, () => JSON.stringify(said));
				return 'taken';
			},
		};
	},
};
