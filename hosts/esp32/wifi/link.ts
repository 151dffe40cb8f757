import WiFi from 'embedded:network/interface/wifi';
import type { StationClass } from '../../../modules/wifi/interface';
import { radio } from '../../../modules/wifi/radio';
import { WifiLink } from '../../../modules/wifi/wifi';
import { readNetworks } from '../provision';
import type { LinkParts, MadeLink } from '../start';

export function wifi({ clock, random32, log, settings, hostname }: LinkParts): MadeLink {
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
}
