/*
 * What differs between the chips: which pins wake them from deep sleep, and how; and which part of RTC memory can be cut off.
 * ESP32 and S3 have EXT0 and EXT1 (docs.espressif.com, "Sleep Modes"), C3 has GPIO, C6 has EXT1 and GPIO.
 */
#ifndef MODULES_SLEEP_WAKE_PINS_H
#define MODULES_SLEEP_WAKE_PINS_H

#include <stdbool.h>
#include <stdint.h>

#include "esp_err.h"
#include "esp_sleep.h"
#include "soc/soc_caps.h"

static inline esp_err_t sleepWakeExt0(uint64_t pins, bool high)
{
#if SOC_PM_SUPPORT_EXT0_WAKEUP
	if (pins == 0 || (pins & (pins - 1)) != 0) return ESP_ERR_INVALID_ARG;
	return esp_sleep_enable_ext0_wakeup((gpio_num_t)__builtin_ctzll(pins), high ? 1 : 0);
#else
	(void)pins;
	(void)high;
	return ESP_ERR_NOT_SUPPORTED;
#endif
}

/* On ESP32 "low" means that all pins are low; on the others that any is. */
static inline esp_err_t sleepWakeExt1(uint64_t pins, bool high)
{
#if SOC_PM_SUPPORT_EXT1_WAKEUP
#if CONFIG_IDF_TARGET_ESP32
	const esp_sleep_ext1_wakeup_mode_t low = ESP_EXT1_WAKEUP_ALL_LOW;
#else
	const esp_sleep_ext1_wakeup_mode_t low = ESP_EXT1_WAKEUP_ANY_LOW;
#endif
	return esp_sleep_enable_ext1_wakeup_io(pins, high ? ESP_EXT1_WAKEUP_ANY_HIGH : low);
#else
	(void)pins;
	(void)high;
	return ESP_ERR_NOT_SUPPORTED;
#endif
}

static inline esp_err_t sleepWakeGpio(uint64_t pins, bool high)
{
#if SOC_GPIO_SUPPORT_HP_PERIPH_PD_SLEEP_WAKEUP
	return esp_sleep_enable_gpio_wakeup_on_hp_periph_powerdown(
		pins, high ? ESP_GPIO_WAKEUP_GPIO_HIGH : ESP_GPIO_WAKEUP_GPIO_LOW);
#else
	(void)pins;
	(void)high;
	return ESP_ERR_NOT_SUPPORTED;
#endif
}

/* RTC_NOINIT_ATTR is slow memory where there is any, else fast; what holds it stays powered. */
static inline void sleepKeepMemory(void)
{
#if SOC_PM_SUPPORT_RTC_SLOW_MEM_PD
	(void)esp_sleep_pd_config(ESP_PD_DOMAIN_RTC_SLOW_MEM, ESP_PD_OPTION_ON);
#elif SOC_PM_SUPPORT_RTC_FAST_MEM_PD
	(void)esp_sleep_pd_config(ESP_PD_DOMAIN_RTC_FAST_MEM, ESP_PD_OPTION_ON);
#endif
}

#endif
