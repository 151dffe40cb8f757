import Ethernet from 'embedded:network/interface/ethernet';
import { EthernetLink } from '../../../modules/wifi/ethernet';
import type { WireClass } from '../../../modules/wifi/interface';
import type { LinkParts, MadeLink } from '../start';

export function ethernet({ clock, log, hostname }: LinkParts): MadeLink {
	return { link: new EthernetLink({ io: Ethernet as unknown as WireClass, clock, log, hostname }), keepsakes: [] };
}
