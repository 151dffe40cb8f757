/** Packs and unpacks on XS: an event brings what is to be packed, as JSON, or a downlink's bytes; bytes or JSON go back. */
import { Handle } from '../../../../hosts/xs/device/operations';
import { Wire } from '../../../../hosts/xs/device/wire';
import { Fault } from '../../../../modules/fault';
import { commandMessage } from '../../../../modules/lora/command';
import { SHORT_BYTE_LENGTH, shorten } from '../../../../modules/lora/payload';
import { decode } from '../../../../modules/text/utf8';
import type { Alert } from '../../../../src/alerts/record';
import type { Language } from '../../../../src/alerts/words';
import { packedAlert, packedReading } from '../../../../src/messages/packed';
import type { Reading } from '../../../../src/sensing/reading';

interface Record {
	readonly place: { readonly epoch: number; readonly sequence: number };
	readonly timestamp: number;
	readonly reading?: Reading;
	readonly alert?: Alert;
	readonly language: Language;
}

new Wire().attachFunction((given: string | ArrayBuffer, short?: boolean) => {
	if (typeof given !== 'string') {
		try {
			return decode(commandMessage(given));
		} catch (thrown) {
			return Fault.from(thrown, 'misuse').code;
		}
	}
	const { place, timestamp, reading, alert, language } = JSON.parse(given) as Record;
	if (alert) return packedAlert(place, timestamp, alert, language);
	const whole = packedReading(place, timestamp, reading!);
	if (!short) return whole;
	const bytes = new Uint8Array(SHORT_BYTE_LENGTH);
	shorten(new Uint8Array(whole), bytes);
	return bytes.buffer;
}, Handle.DEVICE);
