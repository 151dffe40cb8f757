/** Frames of LoRaWAN 1.0.3 over `lora-packet`: what it checks and encrypts is not written a second time here. */
import lora from 'lora-packet';

export interface Keys {
	readonly nwkSKey: Buffer;
	readonly appSKey: Buffer;
}

export interface Data {
	readonly isUp: boolean;
	readonly isConfirmed: boolean;
	/** Most significant byte first, as it is written. */
	readonly devAddr: Buffer;
	/** 32 bits; 16 of them are in the frame. */
	readonly counter: number;
	readonly adr: boolean;
	readonly ack: boolean;
	/** More waits at the network server. */
	readonly isPending?: boolean;
	/** MAC commands, up to 15 bytes. */
	readonly options: Buffer;
	/** Undefined: no port, and no payload. */
	readonly port: number | undefined;
	readonly payload: Buffer;
}

/** As lora-packet puts it into its blocks: the low byte first. */
function high(counter: number): Buffer {
	const bytes = Buffer.alloc(2);
	bytes.writeUInt16LE(Math.floor(counter / 2 ** 16) % 2 ** 16);
	return bytes;
}

export function dataFrame(data: Data, { nwkSKey, appSKey }: Keys): Buffer {
	const { isUp, isConfirmed, devAddr, counter, adr, ack, isPending = false, options, port, payload } = data;
	const head = Buffer.alloc(8);
	head[0] = (isUp ? (isConfirmed ? 4 : 2) : isConfirmed ? 5 : 3) << 5;
	Buffer.from(devAddr).reverse().copy(head, 1);
	head[5] = (adr ? 0x80 : 0) | (ack ? 0x20 : 0) | (isPending ? 0x10 : 0) | options.length;
	head.writeUInt16LE(counter % 2 ** 16, 6);
	const body = port === undefined ? [] : [Buffer.of(port), payload];
	// lora-packet makes no frame without a port of fields; of bytes it does.
	const plain = lora.fromWire(Buffer.concat([head, options, ...body, Buffer.alloc(4)]));
	if (port !== undefined) {
		const encrypted = lora.decrypt(plain, appSKey, nwkSKey, high(counter));
		return signed(lora.fromWire(Buffer.concat([head, options, Buffer.of(port), encrypted, Buffer.alloc(4)])));
	}
	return signed(plain);

	function signed(packet: ReturnType<typeof lora.fromWire>): Buffer {
		const mic = lora.calculateMIC(packet, nwkSKey, undefined, high(counter));
		return Buffer.concat([packet.MHDR!, packet.MACPayload!, mic]);
	}
}

/** To whom a frame is: undefined for what is no data frame. */
export function addressOf(bytes: Buffer, isUp: boolean): string | undefined {
	const type = (bytes[0] ?? 0) >> 5;
	if (bytes.length < 12 || (isUp ? type !== 2 && type !== 4 : type !== 3 && type !== 5)) return undefined;
	return Buffer.from(bytes.subarray(1, 5)).reverse().toString('hex');
}

/**
 * A frame whose MIC is right with a counter from `next` on; undefined for any other.
 * @param next the counter that is expected at least, 32 bits
 */
export function openData(bytes: Buffer, { nwkSKey, appSKey }: Keys, next: number): Data | undefined {
	const packet = lora.fromWire(bytes);
	const low = packet.getFCnt()!;
	const counter = next - (next % 2 ** 16) + low + (low < next % 2 ** 16 ? 2 ** 16 : 0);
	if (!lora.verifyMIC(packet, nwkSKey, undefined, high(counter))) return undefined;
	const port = packet.getFPort();
	const payload = port === null ? Buffer.alloc(0) : lora.decrypt(packet, appSKey, nwkSKey, high(counter));
	return {
		isUp: packet.getDir() === 'up',
		isConfirmed: packet.isConfirmed(),
		devAddr: packet.DevAddr!,
		counter,
		adr: packet.getFCtrlADR() === true,
		ack: packet.getFCtrlACK() === true,
		options: packet.FOpts ?? Buffer.alloc(0),
		port: port ?? undefined,
		payload,
	};
}

export interface JoinRequest {
	readonly joinEui: Buffer;
	readonly devEui: Buffer;
	readonly devNonce: number;
}

export function joinRequest({ joinEui, devEui, devNonce }: JoinRequest, appKey: Buffer): Buffer {
	const nonce = Buffer.alloc(2);
	nonce.writeUInt16BE(devNonce);
	const fields = { MType: 'Join Request', AppEUI: joinEui, DevEUI: devEui, DevNonce: nonce };
	const packet = lora.fromFields(fields, undefined, undefined, appKey);
	return packet.PHYPayload!;
}

/** Undefined for what is no join request, or one with a wrong MIC. */
export function openJoinRequest(bytes: Buffer, keyOf: (devEui: string) => Buffer | undefined): JoinRequest | undefined {
	if (bytes.length !== 23 || bytes[0]! >> 5 !== 0) return undefined;
	const packet = lora.fromWire(bytes);
	const key = keyOf(packet.DevEUI!.toString('hex'));
	if (!key || !lora.verifyMIC(packet, undefined, key)) return undefined;
	return { joinEui: packet.AppEUI!, devEui: packet.DevEUI!, devNonce: packet.DevNonce!.readUInt16BE() };
}

export interface JoinAccept {
	readonly appNonce: Buffer;
	readonly netId: Buffer;
	readonly devAddr: Buffer;
	/** Five channels in steps of 100 Hz, and a zero; empty: none. */
	readonly channels: Buffer;
}

export function joinAccept({ appNonce, netId, devAddr, channels }: JoinAccept, appKey: Buffer): Buffer {
	const fields = { AppNonce: appNonce, NetID: netId, DevAddr: devAddr, DLSettings: 0, RxDelay: 1, CFList: channels };
	const packet = lora.fromFields({ MType: 'Join Accept', ...fields }, undefined, undefined, appKey);
	return Buffer.concat([packet.MHDR!, packet.MACPayloadWithMIC!]);
}

/** Undefined for what is no join accept under this key. */
export function openJoinAccept(bytes: Buffer, appKey: Buffer): JoinAccept | undefined {
	if ((bytes.length !== 17 && bytes.length !== 33) || bytes[0]! >> 5 !== 1) return undefined;
	const packet = lora.fromWire(lora.decryptJoinAccept(lora.fromWire(bytes), appKey));
	if (!lora.verifyMIC(packet, undefined, appKey)) return undefined;
	const { AppNonce, NetID, DevAddr, CFList } = packet;
	return { appNonce: AppNonce!, netId: NetID!, devAddr: DevAddr!, channels: CFList ?? Buffer.alloc(0) };
}

export function sessionKeys(appKey: Buffer, { netId, appNonce }: JoinAccept, devNonce: number): Keys {
	const nonce = Buffer.alloc(2);
	nonce.writeUInt16BE(devNonce);
	const { AppSKey, NwkSKey } = lora.generateSessionKeys10(appKey, netId, appNonce, nonce);
	return { appSKey: AppSKey, nwkSKey: NwkSKey };
}
