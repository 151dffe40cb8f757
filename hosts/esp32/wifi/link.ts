import WiFi from 'embedded:network/interface/wifi';
import type { StationClass } from '../../../modules/wifi/interface';
import { radio } from '../../../modules/wifi/radio';
import { WifiLink } from '../../../modules/wifi/wifi';
import type { LinkMaker } from '../parts';
import { readNetworks } from '../provision';

export const wifi = Object.freeze<LinkMaker>({
	kind: 'wifi',
	make: ({ clock, random32, log, settings, hostname }) => {
		const link = new WifiLink({
			io: WiFi as unknown as StationClass,
			radio,
			networks: readNetworks(settings, log),
			clock,
			random32,
			log,
			hostname,
		});
		return { link, keepsakes: [link.keepsake] };
	},
});
