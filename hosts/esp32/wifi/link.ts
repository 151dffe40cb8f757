import WiFi from 'embedded:network/interface/wifi';
import type { Link } from '../../../modules/ports';
import type { StationClass } from '../../../modules/wifi/interface';
import { radio } from '../../../modules/wifi/radio';
import { WifiLink } from '../../../modules/wifi/wifi';
import { readNetworks } from '../provision';
import type { LinkParts } from '../start';

export function wifi({ clock, random32, log, store, settings, hostname }: LinkParts): Link {
	return new WifiLink({
		io: WiFi as unknown as StationClass,
		radio,
		networks: readNetworks(settings, log),
		clock,
		random32,
		log,
		store,
		hostname,
	});
}
