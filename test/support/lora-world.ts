import { makeLora } from '../../hosts/lora';
import { loadCodec } from '../../hosts/server/lorawan/codec';
import { uplinkOf } from '../../hosts/server/lorawan/events';
import { arrivalOf } from '../../hosts/server/lorawan/uplinks';
import { Air } from '../../hosts/simulator/radio/air';
import { chirpstackEvent, ttsEvent } from '../../hosts/simulator/radio/events';
import { NetworkServer } from '../../hosts/simulator/radio/network';
import type { Region } from '../../hosts/simulator/radio/region';
import { VirtualRadio } from '../../hosts/simulator/radio/virtual-radio';
import { seededRandom32 } from '../../hosts/simulator/random';
import { DutyLedger } from '../../modules/lora/ledger';
import { makeWorld, NOON } from './world';

const devEui = '70b3d57ed0000001';
const appKey = Buffer.alloc(16, 9);
const id = 'ESP32_001';

/** A board with a radio, the gateway so many kilometres away, and what the network server hands on, in the database. */
export function loraWorld(
	region: Region,
	distance: number,
	settings: Record<string, unknown> = {},
	setUp: object = {},
) {
	const world = makeWorld();
	const random32 = seededRandom32(7);
	const codec = loadCodec();
	const air = new Air({ scheduler: world.time, random32, distance, fading: 0.5 });
	const ports: number[] = [];
	const pushed: string[] = [];
	const commandIdOf = (_: string, reference: string) =>
		pushed.find((each) => codec.commandReference(each) === reference);
	/** Each frame of the device. */
	const frames: { readonly frequencyHz: number; readonly from: number; readonly to: number }[] = [];
	air.onUplink = ({ frequency }, took) =>
		void frames.push({ frequencyHz: frequency, from: world.time.now, to: world.time.now + took });
	const now = () => NOON + Math.floor(world.time.now);
	const network = new NetworkServer({
		air,
		region,
		random32,
		epoch: NOON,
		onUplink(uplink) {
			ports.push(uplink.port);
			const isTts = ports.length % 2 === 0;
			const event = JSON.parse(JSON.stringify(isTts ? ttsEvent(uplink, now()) : chirpstackEvent(uplink, now())));
			const told = uplinkOf(isTts ? 'tts' : 'chirpstack', undefined, event);
			if (told && told.devEui !== devEui) throw new Error(`an uplink of ${told.devEui}`);
			if (told) world.server.ingest().submit(arrivalOf(codec, id, told, now(), commandIdOf), () => {});
		},
	});
	network.register(devEui, appKey);
	const resident = world.addBoard(id, {
		settings: { loraAfterSeconds: 10, alertReadings: 1, ...settings },
		...setUp,
		lora: (parts) => {
			const { clock } = parts;
			const ledger = new DutyLedger(clock, region.bands);
			const own = { devEui: Buffer.from(devEui, 'hex'), joinEui: Buffer.alloc(8), appKey };
			const radio = new VirtualRadio({ air, region, clock, random32, ledger, ...own });
			return makeLora({ ...parts, radio, rests: ledger });
		},
	});
	const push = (command: { readonly command_id: string; readonly [name: string]: unknown }): void => {
		pushed.push(command.command_id);
		const { bytes, fPort } = codec.encodeDownlink({ data: command });
		network.push(devEui, { port: fPort!, payload: Buffer.from(bytes!) });
	};
	return { ...world, ...resident, air, network, ports, frames, push };
}
