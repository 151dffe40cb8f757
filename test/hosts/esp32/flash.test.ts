import { readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, test } from 'vitest';

const host = resolve(import.meta.dirname, '../../../hosts/esp32');
const text = (path: string): string => readFileSync(resolve(host, path), 'utf8');
const chips = readdirSync(resolve(host, 'chips'));

interface Partition {
	readonly name: string;
	readonly type: string;
	readonly kind: string;
	readonly offset: number;
	readonly size: number;
	readonly flags: string;
}

function partitions(file: string): Partition[] {
	return text(file)
		.split('\n')
		.filter((line) => line.trim() !== '' && !line.startsWith('#'))
		.map((line) => {
			const [name, type, kind, offset, size, flags = ''] = line.split(',').map((field) => field.trim());
			return { name: name!, type: type!, kind: kind!, offset: Number(offset), size: Number(size), flags };
		});
}

describe.each([
	['partitions-4mb.csv', 4],
	['partitions-8mb.csv', 8],
])('%s', (file, megabytes) => {
	const table = partitions(file);
	const of = (name: string): Partition => table.find((partition) => partition.name === name)!;

	test('every line is whole, and no name comes twice', () => {
		for (const { name, offset, size } of table) {
			expect(name).toMatch(/^[a-z0-9_]{1,16}$/);
			expect(Number.isInteger(offset) && Number.isInteger(size) && size > 0, name).toBe(true);
		}
		expect(new Set(table.map(({ name }) => name)).size).toBe(table.length);
	});

	test('aligned: 4 KB, and 64 KB where an image starts', () => {
		for (const { name, type, offset, size } of table) {
			expect(offset % (type === 'app' ? 0x10000 : 0x1000), name).toBe(0);
			expect(size % 0x1000, name).toBe(0);
		}
	});

	test('nothing overlaps, and all lies behind the table and within the flash', () => {
		let end = 0x9000;
		for (const { name, offset, size } of [...table].sort((one, other) => one.offset - other.offset)) {
			expect(offset, name).toBeGreaterThanOrEqual(end);
			end = offset + size;
		}
		expect(end).toBeLessThanOrEqual(megabytes * 2 ** 20);
	});

	test('the journal: 1 MiB, found by the SDK by its name, and plain', () => {
		expect(of('journal')).toMatchObject({ type: 'data', size: 2 ** 20, flags: '' });
	});

	// An image for the ESP32-C3, linked against ESP-IDF 6.0: 1.94 MB with instruments in it, and LoRaWAN adds 0.15.
	test('a slot that an image fits into, with room to grow by a third', () => {
		expect(of('ota_0').size).toBeGreaterThanOrEqual(2.8 * 2 ** 20);
	});

	test('slots and their register: two of one size, for an update and a way back, where the flash is large enough', () => {
		expect(of('ota_0')).toMatchObject({ type: 'app', kind: 'ota_0' });
		const second = table.find(({ name }) => name === 'ota_1');
		if (megabytes > 4) expect(second).toMatchObject({ type: 'app', kind: 'ota_1', size: of('ota_0').size });
		else expect(second).toBeUndefined();
		expect(of('otadata')).toMatchObject({ type: 'data', kind: 'ota', size: 0x2000 });
		expect(table.some(({ kind }) => kind === 'factory')).toBe(false);
	});

	test('NVS: enough pages for a CA, settings and one to move things', () => {
		expect(of('nvs')).toMatchObject({ type: 'data', kind: 'nvs' });
		expect(of('nvs').size).toBeGreaterThanOrEqual(6 * 0x1000);
	});
});

describe.each(chips)('sdkconfig of the %s', (chip) => {
	const read = (file: string): Map<string, string> => {
		const lines = text(`chips/${chip}/${file}`).split('\n');
		const values = new Map<string, string>();
		for (const line of lines) {
			if (line === '' || line.startsWith('# ') || line === '#') continue;
			// mcconfig splits at "=", takes the first two, and a second value for the same name would win or not by chance.
			expect(line).toMatch(/^CONFIG_[A-Z0-9_]+=[^=]+$/);
			const [name, value] = line.split('=') as [string, string];
			expect(values.has(name), name).toBe(false);
			values.set(name, value);
		}
		return values;
	};
	const config = read('sdkconfig.defaults');
	const release = read('sdkconfig.defaults.release');

	test.each([
		['ESP_TASK_WDT_EN', 'y'],
		['ESP_TASK_WDT_INIT', 'y'],
		['ESP_TASK_WDT_PANIC', 'y'],
		['ESP_INT_WDT', 'y'],
		['ESP_BROWNOUT_DET', 'y'],
		['ESP_SYSTEM_PANIC_PRINT_REBOOT', 'y'],
		['ESP_SYSTEM_PANIC_GDBSTUB', 'n'],
		['BOOTLOADER_APP_ROLLBACK_ENABLE', 'y'],
		['BOOTLOADER_SKIP_VALIDATE_IN_DEEP_SLEEP', 'y'],
		['BOOTLOADER_SKIP_VALIDATE_ALWAYS', 'n'],
		['BOOTLOADER_SKIP_VALIDATE_ON_POWER_ON', 'n'],
		['MBEDTLS_SSL_PROTO_TLS1_2', 'y'],
		['MBEDTLS_SSL_PROTO_TLS1_3', 'y'],
		['MBEDTLS_SSL_RENEGOTIATION', 'n'],
		['MBEDTLS_HARDWARE_AES', 'y'],
		['MBEDTLS_HARDWARE_SHA', 'y'],
		['MBEDTLS_HARDWARE_MPI', 'y'],
		['ESP_TLS_INSECURE', 'n'],
	])('%s is %s', (name, value) => {
		expect(config.get(`CONFIG_${name}`)).toBe(value);
		expect(release.get(`CONFIG_${name}`) ?? value).toBe(value);
	});

	test('the watchdog waits longer than the slowest thing that is done in one go, and not much longer', () => {
		const seconds = Number(config.get('CONFIG_ESP_TASK_WDT_TIMEOUT_S'));
		expect(seconds).toBeGreaterThanOrEqual(10);
		expect(seconds).toBeLessThanOrEqual(30);
	});

	test('sockets for all routes', () => {
		expect(Number(config.get('CONFIG_LWIP_MAX_SOCKETS'))).toBeGreaterThanOrEqual(8);
		expect(Number(config.get('CONFIG_LWIP_MAX_ACTIVE_TCP'))).toBeGreaterThanOrEqual(8);
	});

	test('an address that DHCP gave is taken at once: the check is one of a choice, which "=n" leaves as it is', () => {
		expect(config.get('CONFIG_LWIP_DHCP_DOES_NOT_CHECK_OFFERED_IP')).toBe('y');
		expect([...config.keys()].filter((name) => name.startsWith('CONFIG_LWIP_DHCP_DOES_'))).toHaveLength(1);
	});

	test('a release speaks on the UART, and dumps no memory there', () => {
		expect(release.get('CONFIG_ESP_CONSOLE_NONE')).toBe('n');
		expect(release.get('CONFIG_ESP_CONSOLE_UART_DEFAULT')).toBe('y');
		expect(release.get('CONFIG_ESP_COREDUMP_ENABLE_TO_UART')).toBe('n');
	});

	test('the size of the flash is that of the partitions', () => {
		const manifest = JSON.parse(text(`chips/${chip}/manifest.json`)) as {
			build: { PARTITIONS_FILE: string };
			config: { chip: string };
		};
		const eight = manifest.build.PARTITIONS_FILE.includes('8mb');
		expect(config.get('CONFIG_ESPTOOLPY_FLASHSIZE_8MB')).toBe(eight ? 'y' : undefined);
		expect(config.get('CONFIG_ESPTOOLPY_FLASHSIZE_4MB')).toBe(eight ? 'n' : undefined);
		expect(manifest.config.chip).toBe(chip);
	});
});
