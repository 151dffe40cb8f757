/** The route on XS with a radio that does nothing: an event makes it, opens it, and sends by it. */
import { Handle } from '../../../../hosts/xs/device/operations';
import { Wire } from '../../../../hosts/xs/device/wire';
import { DutyLedger } from '../../../../modules/lora/ledger';
import { LoraRoute } from '../../../../modules/lora/route';
import { SessionKeeper } from '../../../../modules/lora/session';
import type { Clock, Radio } from '../../../../modules/ports';

const world = { ticks: 0, values: [] as string[], kept: [] as unknown[], said: '' };
const clock: Clock = {
	get ticks() {
		return world.ticks;
	},
	// Known, else the route asks the network for it.
	time: 1_767_268_800_000,
	alarm: () => ({ set() {}, clear() {} }),
};
const store = {
	read: () => undefined,
	write(_key: string, value: string) {
		world.values.push(value);
	},
	delete() {},
};

class IdleRadio implements Radio {
	state: Radio['state'] = 'closed';
	readonly room = 51;
	readonly readyAt = 0;
	readonly rssiDbm = undefined;
	readonly snrDecibels = undefined;
	onJoined: Radio['onJoined'];
	onFailed: Radio['onFailed'];
	onSent: Radio['onSent'];
	onDownlink: Radio['onDownlink'];
	onSession: Radio['onSession'];
	onTime: Radio['onTime'];

	open(): void {
		this.state = 'joined';
	}

	send(port: number, payload: Uint8Array, confirmed: boolean): void {
		world.said = `${port} ${payload.byteLength} ${confirmed}`;
	}

	close(): void {
		this.state = 'closed';
	}
}

new Wire().attachFunction((given: string | ArrayBuffer) => {
	if (given === 'make') {
		const radio = new IdleRadio();
		const keeper = new SessionKeeper({ store, log: () => {} });
		const ledger = new DutyLedger(clock, [{ from: 868_000_000, to: 868_600_000, duty: 0.01 }]);
		const route = new LoraRoute({ radio, keeper, clock, log: () => {} });
		route.open();
		radio.onSession?.(new Uint8Array(53));
		radio.onJoined?.();
		ledger.sent(868_100_000, 82);
		world.kept.push(route, radio, ledger);
		return route.state;
	}
	if (given === '') return '';
	const [route, radio] = world.kept as [LoraRoute, IdleRadio];
	route.send({ channel: 'data', body: given as ArrayBuffer, sequence: 1, again: false });
	radio.onSent?.({ acknowledged: true });
	return world.said;
}, Handle.DEVICE);
