import type { ResolveRequest, Resolver } from '../../../modules/sockets';
import type { Case, Trial } from './bench';

function resolve(trial: Trial, request: ResolveRequest): void {
	let inside = true;
	const { io } = trial.bench.dns;
	const resolver: Resolver = new io(trial.bench.dns as never);
	const told = (run: () => void): void =>
		trial.guard(() => {
			trial.ok(!inside, 'a callback from inside resolve');
			run();
		});
	resolver.resolve({
		host: request.host,
		onResolved: (host, address) => told(() => request.onResolved(host, address)),
		onError: (reason) => told(() => request.onError(reason)),
	});
	inside = false;
}

export const dnsCases: readonly Case[] = [
	{
		name: 'an address is its own name',
		run(trial) {
			resolve(trial, {
				host: '127.0.0.1',
				onResolved: (host, address) => {
					trial.equal(host, '127.0.0.1', 'host');
					trial.equal(address, '127.0.0.1', 'address');
					trial.done();
				},
				onError: () => trial.fail('onError'),
			});
		},
	},
	{
		name: 'localhost is 127.0.0.1, and never an address of IPv6',
		run(trial) {
			resolve(trial, {
				host: 'localhost',
				onResolved: (_, address) => {
					trial.equal(address, '127.0.0.1', 'address');
					trial.done();
				},
				onError: () => trial.fail('onError'),
			});
		},
	},
	{
		name: 'the host in the answer is the host that was asked for',
		differs: {
			sdk: 'its resolver answers for localhost with 127.0.0.1 as the host; TLS is told the name apart (serverName)',
		},
		run(trial) {
			resolve(trial, {
				host: 'localhost',
				onResolved: (host) => {
					trial.equal(host, 'localhost', 'host');
					trial.done();
				},
				onError: () => trial.fail('onError'),
			});
		},
	},
	{
		name: 'a name that is not: onError, once',
		patience: 30_000,
		run(trial) {
			let errors = 0;
			resolve(trial, {
				host: 'nobody.invalid',
				onResolved: () => trial.fail('onResolved'),
				onError: () => {
					errors++;
					trial.equal(errors, 1, 'calls of onError');
					trial.later(200, () => trial.done());
				},
			});
		},
	},
];
