/** Packs and unpacks on XS: an event brings what is to be packed, as JSON, or a downlink's bytes; bytes or JSON go back. */
import { Handle } from '../../../../hosts/xs/device/operations';
import { Wire } from '../../../../hosts/xs/device/wire';
import { Fault } from '../../../../modules/fault';
import { commandMessage } from '../../../../modules/lora/command';
import { SHORT_ALERT_BYTE_LENGTH, SHORT_BYTE_LENGTH, shorten, shortenAlert } from '../../../../modules/lora/payload';
import { decode } from '../../../../modules/text/utf8';
import type { Alert } from '../../../../src/alerts/record';
import type { Language } from '../../../../src/alerts/words';
import { packedAlert, packedReading, packedReply } from '../../../../src/messages/packed';
import type { ReplyStatus } from '../../../../src/messages/reply';
import type { Reading } from '../../../../src/sensing/reading';

interface Record {
	readonly place: { readonly epoch: number; readonly sequence: number };
	readonly timestamp: number;
	readonly reading?: Reading;
	readonly alert?: Alert;
	readonly language: Language;
	readonly reply?: { readonly id: string; readonly status: ReplyStatus };
}

new Wire().attachFunction((given: string | ArrayBuffer, short?: boolean) => {
	if (typeof given !== 'string') {
		try {
			return decode(commandMessage(given));
		} catch (thrown) {
			return Fault.from(thrown, 'misuse').code;
		}
	}
	const { place, timestamp, reading, alert, language, reply } = JSON.parse(given) as Record;
	if (reply) return packedReply(reply.id, reply.status, timestamp);
	const whole = alert ? packedAlert(place, timestamp, alert, language) : packedReading(place, timestamp, reading!);
	if (!short) return whole;
	const bytes = new Uint8Array(alert ? SHORT_ALERT_BYTE_LENGTH : SHORT_BYTE_LENGTH);
	if (alert) shortenAlert(new Uint8Array(whole), bytes);
	else shorten(new Uint8Array(whole), bytes);
	return bytes.buffer;
}, Handle.DEVICE);
