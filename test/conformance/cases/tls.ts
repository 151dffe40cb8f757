import { bytes, type Case, connect, text } from './bench';
import { streamCases } from './stream';

/** Ours over the SDK's TCP on one side, Node's own on the other: what a user of either may rely on. */
export const tlsCases: readonly Case[] = [
	...streamCases('tls', 'tlsEcho'),
	refusal('a certificate of another authority', 'tlsOtherAuthority'),
	refusal('a certificate for another name', 'tlsOtherName'),
	refusal('a peer that speaks no TLS', 'greet'),
	refusal('a peer that ends in the handshake', 'goodbye'),
	{
		name: 'nobody listens: onError, once',
		run(trial) {
			let errors = 0;
			connect(trial, trial.bench.tls, 'refuse', {
				onError: () => {
					errors++;
					trial.equal(errors, 1, 'calls of onError');
					trial.later(200, () => trial.done());
				},
			});
		},
	},
	ending('what the peer says before it says goodbye is read, then onError', 'tlsGoodbye'),
	ending('what the peer says before it is cut is read, then onError', 'tlsCut'),
	{
		name: 'without a CA there is no socket',
		run(trial) {
			const { io, ...needs } = trial.bench.tls;
			const port = trial.bench.port('tlsEcho');
			const events = { onReadable() {}, onWritable() {}, onError() {} };
			const options = { ...needs, address: '127.0.0.1', host: 'localhost', port, ca: '', ...events };
			trial.throws(() => new io(options as never), 'no CA');
			trial.done();
		},
	},
];

function refusal(what: string, behaviour: 'tlsOtherAuthority' | 'tlsOtherName' | 'greet' | 'goodbye'): Case {
	return {
		name: `${what}: onError, once, with a reason, and nothing may be written`,
		run(trial) {
			let errors = 0;
			connect(trial, trial.bench.tls, behaviour, {
				onWritable: () => trial.fail('onWritable'),
				onReadable: () => trial.fail('onReadable'),
				onError: (socket, reason) => {
					errors++;
					trial.equal(errors, 1, 'calls of onError');
					trial.equal((reason as { code?: unknown } | undefined)?.code, 'tls', 'the reason');
					trial.throws(() => socket.write(bytes('secret')), 'write');
					trial.later(200, () => trial.done());
				},
			});
		},
	};
}

function ending(name: string, behaviour: 'tlsGoodbye' | 'tlsCut'): Case {
	return {
		name,
		run(trial) {
			let heard = '';
			connect(trial, trial.bench.tls, behaviour, {
				onReadable: (socket) => {
					heard += text(socket.read());
				},
				onError: (_, reason) => {
					trial.equal(heard, 'last words', 'heard');
					trial.equal((reason as { code?: unknown } | undefined)?.code, 'closed', 'the reason');
					trial.done();
				},
			});
		},
	};
}
