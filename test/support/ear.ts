import type { Route, RouteListener } from '../../modules/ports';

/** Listens to a route as a test wants: each callback does nothing until it is set. */
export class Ear implements RouteListener {
	onOpen: RouteListener['onOpen'] = () => {};
	onClosed: RouteListener['onClosed'] = () => {};
	onReceipt: RouteListener['onReceipt'] = () => {};
	onRefused: RouteListener['onRefused'] = () => {};
	onWritable: RouteListener['onWritable'] = () => {};
	onMessage: RouteListener['onMessage'] = () => {};
}

/** The ear of this route; it gets one. */
export function ear(route: Pick<Route, 'listener'>): Ear {
	if (!(route.listener instanceof Ear)) route.listener = new Ear();
	return route.listener as Ear;
}
