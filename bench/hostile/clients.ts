import { generate } from 'mqtt-packet';
import { writeStamp } from '../../hosts/simulator/net/virtual-ntp';
import { Fault } from '../../modules/fault';
import { retryAfterOf } from '../../modules/text/retry-after';
import { parseDate } from '../../modules/time/date-header';
import { readReply } from '../../modules/time/ntp-packet';
import { EARLIEST_TIME } from '../../modules/time/window';
import { good, conversation as mqttConversation, tryRoute, tryTwin } from '../../test/hosts/simulator/net/hostile';
import { Hostility, play, ROUNDS } from '../../test/modules/http/hostile';
import { conversation, meet, opened, upgraded } from '../../test/modules/websocket/hostile';
import type { Material } from './material';
import { type End, must, type Target } from './target';

const http: Target = {
	name: 'HTTP: a server’s answers to the route',
	cases: 100_000,
	make: ({ random32 }) => {
		const hostility = new Hostility(random32);
		let seed = 0;
		let left = 0;
		return {
			// `play` judges as many cases as it has rounds.
			run: () => {
				if (left-- > 0) return 'taken';
				left = ROUNDS - 1;
				play(++seed, hostility);
				return 'taken';
			},
		};
	},
};

/** One end, a Fault. */
function ended(ends: readonly unknown[], state: string): End {
	must(state === 'closed' && ends.length === 1 && ends[0] instanceof Fault, () => `${state}, ${ends.length}: ${ends}`);
	return (ends[0] as Fault).code === 'timeout' ? 'taken' : 'refused';
}

const webSocket: Target = {
	name: 'WebSocket: a server’s upgrade and frames to the route',
	cases: 60_000,
	make: () => ({
		run: (material) => {
			const cut = 1 + material.below(material.pick([1, 60, 2_000]));
			const isUpgrade = material.below(4) === 0;
			const { ends, route, largest } = meet(
				isUpgrade
					? (key) => material.bytes([Buffer.from(upgraded(key))])
					: opened(material.bytes([conversation, Buffer.concat([conversation, conversation])])),
				cut,
			);
			must(largest <= 2_048, () => `a message of ${largest}`);
			return ended(ends, route.state);
		},
	}),
};

const packets = mqttConversation.map((packet) => Buffer.from(generate(packet)));

function broker(material: Material): readonly [Buffer, number] {
	const shuffled = Array.from({ length: material.below(12) }, () => material.pick(packets));
	const said = material.below(3) === 0 ? Buffer.concat([packets[0]!, ...shuffled]) : material.bytes([good]);
	// A thousand pieces are enough: each is an event.
	return [said, Math.ceil(Math.max(1, said.length) / 1_000) + material.below(material.pick([1, 60, 4_000]))];
}

const mqtt: Target = {
	name: 'MQTT: a broker’s packets to the route',
	cases: 40_000,
	make: () => ({
		run: (material) => {
			const { ends, messages, state } = tryRoute(...broker(material));
			for (const { byteLength } of messages) must(byteLength <= 2_048, () => `a message of ${byteLength}`);
			return ended(ends, state);
		},
	}),
};

const twin: Target = {
	name: 'MQTT: the same to the client alone',
	cases: 30_000,
	make: () => ({ run: (material) => ended(tryTwin(...broker(material)), 'closed') }),
};

function answer(): Buffer {
	const bytes = new Uint8Array(48);
	const view = new DataView(bytes.buffer);
	view.setUint16(0, 0x2402);
	writeStamp(view, 32, EARLIEST_TIME + 1_000);
	writeStamp(view, 40, EARLIEST_TIME + 1_000);
	return Buffer.from(bytes);
}

const ntp: Target = {
	name: 'NTP packets',
	cases: 100_000,
	make: () => {
		const whole = [answer()];
		return {
			run: (material) => {
				const bytes = Buffer.concat([material.bytes(whole), Buffer.alloc(material.pick([0, 48]))]);
				if (bytes.length < 48) return 'refused';
				let reply: ReturnType<typeof readReply>;
				try {
					reply = readReply(new Uint8Array(bytes).buffer, EARLIEST_TIME);
				} catch (thrown) {
					must(thrown instanceof Fault && thrown.code === 'protocol', () => String(thrown));
					return 'refused';
				}
				if ('kiss' in reply) must(/^[A-Z?]{4}$/.test(reply.kiss), () => JSON.stringify(reply));
				else {
					const { sent, received, distance } = reply;
					must(sent >= received && distance >= 0 && distance <= 1_000, () => JSON.stringify(reply));
				}
				return 'taken';
			},
		};
	},
};

const dates: Target = {
	name: 'Date',
	cases: 100_000,
	make: () => ({
		run: (material) => {
			const text = material.bytes([Buffer.from('Sun, 06 Nov 1994 08:49:37 GMT')]).toString('latin1');
			const time = parseDate(text);
			if (time === undefined) return 'refused';
			must(new Date(time).toUTCString() === text || text.slice(23, 25) === '60', () => text);
			return 'taken';
		},
	}),
};

const waits: Target = {
	name: 'Retry-After',
	cases: 100_000,
	make: () => {
		const forms = ['120', '0', '9999999999', 'Sun, 06 Nov 1994 08:49:37 GMT'].map((text) => Buffer.from(text));
		return {
			run: (material) => {
				const wait = retryAfterOf(material.bytes(forms).toString('latin1'), 784_111_000_000);
				if (wait === undefined) return 'refused';
				must(wait >= 1_000 && wait <= 3_600_000, () => String(wait));
				return 'taken';
			},
		};
	},
};

/** What a device reads of what servers say. */
export const clients: readonly Target[] = [http, webSocket, mqtt, twin, ntp, dates, waits];
