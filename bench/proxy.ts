import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** Between a device and a server: counts the bytes of TCP's payload each way, and how often the device waited. */
export class CountingProxy {
	up = 0;
	down = 0;
	/** Times that the device spoke after the server had: each is a round trip. */
	turns = 0;
	readonly #sockets = new Set<Socket>();
	readonly #server: Server;
	#serverSpoke = true;

	private constructor(port: number) {
		this.#server = createServer((device) => {
			const onward = connect(port, '127.0.0.1');
			for (const socket of [device, onward]) this.#sockets.add(socket.on('error', () => {}).setNoDelay(true));
			device.on('data', (bytes) => {
				this.up += bytes.byteLength;
				if (this.#serverSpoke) this.turns++;
				this.#serverSpoke = false;
				onward.write(bytes);
			});
			onward.on('data', (bytes) => {
				this.down += bytes.byteLength;
				this.#serverSpoke = true;
				device.write(bytes);
			});
			device.on('end', () => onward.end());
		});
	}

	/** @param port of the server, on this machine */
	static async open(port: number): Promise<CountingProxy> {
		const proxy = new CountingProxy(port);
		await new Promise<void>((resolve) => proxy.#server.listen(0, '127.0.0.1', resolve));
		return proxy;
	}

	get port(): number {
		return (this.#server.address() as AddressInfo).port;
	}

	async close(): Promise<void> {
		for (const socket of this.#sockets) socket.destroy();
		await new Promise((resolve) => this.#server.close(resolve));
	}
}
