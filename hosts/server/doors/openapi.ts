import swagger from '@fastify/swagger';
import type { FastifyInstance } from 'fastify';

/** Collects what the routes say of themselves; to be called before any of them. `app.swagger()` is then the document (OpenAPI 3.1). */
export async function collectOpenapi(app: FastifyInstance): Promise<void> {
	await app.register(swagger, {
		openapi: {
			openapi: '3.1.0',
			info: {
				title: 'FAJMA server',
				version: '1',
				description: [
					'What devices send and operators ask. Every answer of success to a device is a receipt: it comes after the commit.',
					'Errors are {"status":"error","error":"<field>: <bound>"}: 400 no JSON, 401 no or a wrong token, 403 another device,',
					'409 the id is taken, 413 too long, 422 a field does not hold, 429 and 503 with Retry-After.',
				].join(' '),
			},
			components: {
				securitySchemes: {
					device: {
						type: 'http',
						scheme: 'bearer',
						bearerFormat: 'JWT',
						description: "HS256, signed by the device's secret",
					},
					operator: { type: 'http', scheme: 'bearer', description: 'the token of --operator' },
				},
			},
		},
	});
}

export const deviceSecurity = [{ device: [] }];
export const operatorSecurity = [{ operator: [] }];
