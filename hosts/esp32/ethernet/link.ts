import Ethernet from 'embedded:network/interface/ethernet';
import type { Link } from '../../../modules/ports';
import { EthernetLink } from '../../../modules/wifi/ethernet';
import type { WireClass } from '../../../modules/wifi/interface';
import type { LinkParts } from '../start';

export function ethernet({ clock, log, hostname }: LinkParts): Link {
	return new EthernetLink({ io: Ethernet as unknown as WireClass, clock, log, hostname });
}
