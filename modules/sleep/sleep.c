/*
 * ESP-IDF's sleep, reset, RTC memory and facts, as functions that take and give numbers. No rule is here: see power.ts.
 * They take positional arguments only, so that no identifier of XS is needed.
 */
#include "xsmc.h"
#include "xsHost.h"

#include "esp_attr.h"
#include "esp_chip_info.h"
#include "esp_heap_caps.h"
#include "esp_idf_version.h"
#include "app_update/include/esp_ota_ops.h"
#include "esp_random.h"
#include "esp_sleep.h"
#include "esp_system.h"
#include "esp_task_wdt.h"

#include "wake-pins.h"

#define RETAINED 4096
#define NOTE 128

/* Not set at any start: kept over deep sleep, restart and crash. Magic and CRC are the reader's business. */
static RTC_NOINIT_ATTR uint8_t gRetained[RETAINED];
static RTC_NOINIT_ATTR uint8_t gNote[NOTE];

void xs_sleep_reset_reason(xsMachine *the)
{
	xsmcSetInteger(xsResult, (xsIntegerValue)esp_reset_reason());
}

void xs_sleep_wake_causes(xsMachine *the)
{
	xsmcSetNumber(xsResult, (xsNumberValue)esp_sleep_get_wakeup_causes());
}

void xs_sleep_memory(xsMachine *the)
{
	int note = xsmcToInteger(xsArg(0)) == 1;
	xsResult = xsNewHostObject(NULL);
	if (note)
		xsmcSetHostBuffer(xsResult, gNote, NOTE);
	else
		xsmcSetHostBuffer(xsResult, gRetained, RETAINED);
}

void xs_sleep_can_wake(xsMachine *the)
{
	int pin = xsmcToInteger(xsArg(0));
	xsmcSetBoolean(xsResult, pin >= 0 && pin < SOC_GPIO_PIN_COUNT && esp_sleep_is_valid_wakeup_gpio((gpio_num_t)pin));
}

void xs_sleep_wake_on(xsMachine *the)
{
	int source = xsmcToInteger(xsArg(0));
	uint64_t pins = (uint64_t)xsmcToNumber(xsArg(1));
	bool high = xsmcToBoolean(xsArg(2));
	esp_err_t result = ESP_ERR_INVALID_ARG;
	if (source == ESP_SLEEP_WAKEUP_EXT0) result = sleepWakeExt0(pins, high);
	if (source == ESP_SLEEP_WAKEUP_EXT1) result = sleepWakeExt1(pins, high);
	if (source == ESP_SLEEP_WAKEUP_GPIO) result = sleepWakeGpio(pins, high);
	xsmcSetInteger(xsResult, result);
}

void xs_sleep_deep(xsMachine *the)
{
	double ms = xsmcToNumber(xsArg(0));
	esp_err_t result = ESP_OK;
	sleepKeepMemory();
	if (ms > 0) result = esp_sleep_enable_timer_wakeup((uint64_t)(ms * 1000));
	if (result == ESP_OK) result = esp_deep_sleep_try_to_start();
	xsmcSetInteger(xsResult, result);
}

void xs_sleep_restart(xsMachine *the)
{
	(void)the;
	esp_restart();
}

void xs_sleep_fact(xsMachine *the)
{
	const uint32_t caps = MALLOC_CAP_INTERNAL | MALLOC_CAP_8BIT;
	esp_chip_info_t info;
	double value = -1;
	esp_chip_info(&info);
	switch (xsmcToInteger(xsArg(0))) {
		case 0: value = info.model; break;
		case 1: value = info.revision; break;
		case 2: value = info.cores; break;
		case 3: value = (double)heap_caps_get_free_size(caps); break;
		case 4: value = (double)heap_caps_get_minimum_free_size(caps); break;
		case 5: value = (double)heap_caps_get_largest_free_block(caps); break;
	}
	xsmcSetNumber(xsResult, value);
}

void xs_sleep_idf_version(xsMachine *the)
{
	xsmcSetString(xsResult, (char *)esp_get_idf_version());
}

void xs_sleep_feed_watchdog(xsMachine *the)
{
	(void)the;
	(void)esp_task_wdt_reset();
}

void xs_sleep_is_pending(xsMachine *the)
{
	esp_ota_img_states_t state;
	esp_err_t result = esp_ota_get_state_partition(esp_ota_get_running_partition(), &state);
	xsmcSetBoolean(xsResult, result == ESP_OK && state == ESP_OTA_IMG_PENDING_VERIFY);
}

void xs_sleep_mark_valid(xsMachine *the)
{
	xsmcSetInteger(xsResult, esp_ota_mark_app_valid_cancel_rollback());
}

void xs_sleep_random32(xsMachine *the)
{
	xsmcSetNumber(xsResult, (xsNumberValue)esp_random());
}
