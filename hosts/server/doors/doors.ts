import type { FastifyInstance } from 'fastify';
import type { Log } from '../../../modules/ports';
import type { TlsFiles } from '../certificates';
import type { Credentials } from '../credentials';
import type { Ingest } from '../ingest';
import { named } from '../listening';
import type { Queries } from '../queries';
import { Doorkeeper } from './doorkeeper';
import { registerReceiving } from './receiving';
import { Web } from './web';

export interface DoorsOptions {
	readonly ingest: Pick<Ingest, 'submitAll' | 'refuse'>;
	readonly queries: Queries;
	readonly credentials: Credentials;
	readonly tls: TlsFiles;
	readonly host: string;
	/** 0: any that is free. */
	readonly httpsPort: number;
	/** Undefined: no door without TLS. */
	readonly plainPort: number | undefined;
	readonly acceptGuideTokens: boolean;
	readonly perSecond: number | undefined;
	/** Epoch ms. */
	readonly now: () => number;
	readonly log: Log;
}

export interface Doors {
	readonly httpsPort: number;
	readonly plainPort: number | undefined;
	useCertificate(tls: TlsFiles): void;
	/** Lets what is under way come to its end. Twice is fine. */
	close(): Promise<void>;
}

/**
 * The web's doors for devices: HTTPS, and plain HTTP where somebody asked for it.
 * @throws Error with a message for a person; nothing is open then
 */
export async function openDoors(options: DoorsOptions): Promise<Doors> {
	const { host, httpsPort, plainPort, tls, log, now, queries, ingest } = options;
	const doorkeeper = new Doorkeeper({
		credentials: options.credentials,
		now,
		log,
		acceptGuideTokens: options.acceptGuideTokens,
		...(options.perSecond !== undefined && { perSecond: options.perSecond }),
	});
	const register = (app: FastifyInstance, web: Web): void => {
		registerReceiving(app, web, {
			ingest,
			doorkeeper,
			now,
			rowId: (entry) => (entry.kind === 'reading' ? queries.rowId(entry) : undefined),
			commands: () => [],
		});
	};
	const common = { host, now, log, register };
	const web = await named(Web.open({ ...common, port: httpsPort, tls }), `${host}:${httpsPort} (--https)`);
	let plain: Web | undefined;
	try {
		if (plainPort !== undefined)
			plain = await named(
				Web.open({ ...common, port: plainPort, tls: undefined }),
				`${host}:${plainPort} (--plain-port)`,
			);
	} catch (error) {
		await web.close();
		throw error;
	}
	log('info', 'server', `HTTPS on ${host}:${web.port}`);
	if (plain)
		log(
			'warning',
			'server',
			`plain HTTP on ${host}:${plain.port}: whoever is on the way reads what passes, and can take the tokens`,
		);
	if (options.acceptGuideTokens)
		log('warning', 'server', "the guide's tokens are accepted: they are no JWT, and may be good for ever");
	return {
		httpsPort: web.port,
		plainPort: plain?.port,
		useCertificate: (renewed) => web.useCertificate(renewed),
		close: async () => {
			await Promise.all([web.close(), plain?.close()]);
		},
	};
}
