/**
 * The SDK's makefile for ESP32 looks for headers in folders that it lists, whatever an image depends on (`dependency` is for the
 * linker). A header of a component that is not in its list is found by its path from the components' folder, or by an -I of ours.
 */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { boards } from './boards';
import { Image, root } from './manifests';

/** Of what our C names: the folders that SDK 8.2.3 looks into (tools/mcconfig/make.esp32.mk), with headers of ESP-IDF 6.0. */
const lookedInto: Readonly<Record<string, readonly string[]>> = {
	components: ['app_update/include/esp_ota_ops.h'],
	esp_common: ['esp_attr.h', 'esp_idf_version.h'],
	esp_driver_gpio: ['driver/gpio.h'],
	esp_driver_spi: ['driver/spi_master.h'],
	esp_event: ['esp_event.h'],
	esp_hw_support: ['esp_chip_info.h', 'esp_random.h', 'esp_sleep.h'],
	esp_rom: ['esp_rom_sys.h'],
	esp_system: ['esp_system.h', 'esp_task_wdt.h'],
	esp_timer: ['esp_timer.h'],
	esp_wifi: ['esp_wifi.h'],
	freertos: ['freertos/FreeRTOS.h', 'freertos/queue.h', 'freertos/task.h'],
	heap: ['esp_heap_caps.h'],
	lwip: ['lwip/dns.h', 'lwip/ip_addr.h'],
	'mbedtls/mbedtls': [
		'mbedtls/platform_util.h',
		'mbedtls/ssl.h',
		'mbedtls/ssl_ciphersuites.h',
		'mbedtls/version.h',
		'mbedtls/x509_crt.h',
		'psa/crypto.h',
	],
};
/** Where Mbed TLS 4 in ESP-IDF keeps `psa` and what the others include in turn. */
const needed = ['port/include', 'mbedtls/tf-psa-crypto/include', 'mbedtls/tf-psa-crypto/drivers/builtin/include'];

const elsewhere = /^(std\w+|string|setjmp|sys\/time)\.h$|^(xs\w*|mc\.\w+|sdkconfig)\.h$|^lmic|lmic_|oslmic|aes\/lmic/;
/** Versions of Mbed TLS that ESP-IDF 6.0 has not. */
const older = /^mbedtls\/(config|ctr_drbg|entropy|sha256|psa_util)\.h$/;

const sources = new Set(
	boards.flatMap(({ name, chip }) => new Image(`hosts/esp32/boards/${name}/manifest.json`, 'esp32', chip).sources),
);

const ours = [...sources].filter((file) => existsSync(join(root, file)));

describe.each([...ours, 'modules/tls/platform.h'])('%s', (file) => {
	test("names headers that the board's build finds", () => {
		const found = Object.values(lookedInto).flat();
		const named = [...readFileSync(join(root, file), 'utf8').matchAll(/^#include ["<]([^">]+)[">]/gm)].map(
			([, name]) => name!,
		);
		const beside = (name: string) => existsSync(join(root, dirname(file), name));
		const lost = named.filter(
			(name) => !beside(name) && !elsewhere.test(name) && !older.test(name) && !found.includes(name),
		);
		expect(lost).toEqual([]);
	});
});

test('modules/tls looks where Mbed TLS 4 keeps its headers, and takes the configuration that ESP-IDF built it with', () => {
	const { platforms } = JSON.parse(readFileSync(join(root, 'modules/tls/manifest.json'), 'utf8')) as {
		platforms: { esp32: { build: Record<string, string> } };
	};
	// mcconfig writes "\ " for a space, which makes one word of two; a tab stays.
	expect(platforms.esp32.build.C_INCLUDES!.split('\t')).toEqual(needed.map((folder) => `-I$(MBEDTLS)/${folder}`));
	const platform = readFileSync(join(root, 'modules/tls/platform.h'), 'utf8');
	const first = platform.slice(0, platform.indexOf('#include <mbedtls'));
	expect(first).toContain('#define MBEDTLS_CONFIG_FILE "mbedtls/esp_config.h"');
});

test("the converter's driver is linked: the SDK's analog input is in each image, and asks for none itself", () => {
	const { include, platforms } = JSON.parse(readFileSync(join(root, 'hosts/esp32/manifest.json'), 'utf8')) as {
		include: string[];
		platforms: { esp32: { dependency: { idf: string }[] } };
	};
	expect(include).toContain('$(MODDABLE)/examples/manifest_base.json');
	expect(platforms.esp32.dependency).toContainEqual({ idf: 'esp_adc' });
});

/** Of an image linked for ESP32-C3 and run in an emulator: MQTT and WebSocket open over TLS, an alert that opens HTTPS beside them. */
const measured = { chunks: 12_436, slots: 2_431, stack: 768, slotBytes: 16 };

test('XS has room for all routes at once, and a tenth more: an alert that finds none ends the machine, and again at the next start', () => {
	const { creation } = JSON.parse(readFileSync(join(root, 'hosts/esp32/manifest.json'), 'utf8')) as {
		creation: { static: number; stack: number };
	};
	const needed = measured.chunks + (measured.slots + measured.stack) * measured.slotBytes;
	expect(creation.stack).toBe(measured.stack);
	expect(creation.static).toBeGreaterThanOrEqual(needed * 1.1);
});
