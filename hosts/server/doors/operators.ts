import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { catalogue } from '../commands/catalogue';
import { type Commands, Conflict, commandSchema } from '../commands/commands';
import { parseBody, Refusal } from '../message';
import { deviceIdPattern } from '../schema';
import type { Doorkeeper } from './doorkeeper';
import { operatorSecurity as security } from './openapi';
import { turnAway, type Web } from './web';

/** Goes before a route that is not for everyone. */
export interface Guard {
	readonly onRequest: (request: FastifyRequest, reply: FastifyReply) => Promise<unknown>;
}

const operators = new WeakMap<FastifyRequest, string>();

/** Lets operators in, and nobody else. */
export function operatorsOnly(web: Web, doorkeeper: Doorkeeper): Guard {
	return {
		onRequest: async (request, reply) => {
			const admission = doorkeeper.operator(request.raw);
			if ('status' in admission) return turnAway(request, reply, admission);
			web.entered(request.raw.socket);
			operators.set(request, admission.operator);
			return undefined;
		},
	};
}

export interface CommandRoutesOptions {
	readonly commands: Commands;
	/** Whether there is such a device. */
	readonly isDevice: (deviceId: string) => boolean;
}

const maximumBody = 4_096;

/** `/api/iot/devices/<id>/commands`: what devices are told to do, and what became of it. */
export function registerCommands(
	app: FastifyInstance,
	guard: Guard,
	{ commands, isDevice }: CommandRoutesOptions,
): void {
	const path = '/api/iot/devices/:id/commands';
	const known = (request: FastifyRequest, reply: FastifyReply): string | undefined => {
		const { id } = request.params as { id: string };
		if (deviceIdPattern.test(id) && isDevice(id)) return id;
		turnAway(request, reply, { status: 404, error: 'device_id: no such device' });
		return undefined;
	};
	const schema = {
		summary: 'Tells a device to do something',
		security,
		body: commandSchema,
		description: `Arguments by command: ${JSON.stringify(catalogue)}`,
	};

	app.post(path, { ...guard, bodyLimit: maximumBody, schema }, async (request, reply) => {
		const id = known(request, reply);
		if (id === undefined) return reply;
		try {
			const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
			const { command, isNew } = commands.issue(id, parseBody(body, maximumBody), operators.get(request)!);
			return reply.code(isNew ? 201 : 200).send({ status: 'success', ...command });
		} catch (error) {
			if (error instanceof Conflict) return turnAway(request, reply, { status: 409, error: error.message });
			if (!(error instanceof Refusal)) throw error;
			return turnAway(request, reply, { status: error.wrong === 'malformed' ? 400 : 422, error: error.message });
		}
	});

	app.get(
		path,
		{ ...guard, schema: { summary: 'The newest 100 commands of a device', security } },
		async (request, reply) => {
			const id = known(request, reply);
			return id === undefined ? reply : { device_id: id, commands: commands.list(id, 100) };
		},
	);

	app.get(
		`${path}/:command`,
		{ ...guard, schema: { summary: 'What became of a command', security } },
		async (request, reply) => {
			const id = known(request, reply);
			if (id === undefined) return reply;
			const found = commands.one(id, (request.params as { command: string }).command);
			return found ?? turnAway(request, reply, { status: 404, error: 'command_id: no such command' });
		},
	);
}
