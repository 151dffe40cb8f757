import type { Fault } from '../../../modules/fault';
import type { Radio, UplinkEnd } from '../../../modules/ports';

/** A radio that a test lets join, hear and fail. */
export class FakeRadio implements Radio {
	state: Radio['state'] = 'closed';
	room = 51;
	readyAt = 0;
	rssiDbm: number | undefined;
	snrDecibels: number | undefined;
	onJoined: (() => void) | undefined;
	onFailed: ((fault: Fault) => void) | undefined;
	onSent: ((end: UplinkEnd) => void) | undefined;
	onDownlink: ((port: number, payload: ArrayBuffer) => void) | undefined;
	onSession: ((session: Uint8Array) => void) | undefined;
	onTime: ((time: number) => void) | undefined;
	readonly opened: number[] = [];
	readonly sent: { port: number; hex: string; confirmed: boolean }[] = [];
	/** Thrown by the next open(). */
	refuses: Fault | undefined;

	open(session: Uint8Array): void {
		this.opened.push(session.byteLength);
		const { refuses } = this;
		this.refuses = undefined;
		if (refuses) throw refuses;
		this.state = session.byteLength > 16 ? 'joined' : 'joining';
	}

	send(port: number, payload: Uint8Array, confirmed: boolean): void {
		this.sent.push({ port, hex: Buffer.from(payload).toString('hex'), confirmed });
	}

	close(): void {
		this.state = 'closed';
	}

	join(): void {
		this.state = 'joined';
		this.onSession?.(new Uint8Array(20).fill(1, 16));
		this.onJoined?.();
	}
}
