import Ethernet from 'embedded:network/interface/ethernet';
import { EthernetLink } from '../../../modules/wifi/ethernet';
import type { WireClass } from '../../../modules/wifi/interface';
import type { LinkMaker } from '../parts';

export const ethernet = Object.freeze<LinkMaker>({
	kind: 'ethernet',
	make: ({ clock, log, hostname }) => ({
		link: new EthernetLink({ io: Ethernet as unknown as WireClass, clock, log, hostname }),
		keepsakes: [],
	}),
});
