/*
 * What the SDK's Wi-Fi class lacks: the radio on and off, a join of one access point without a search, and why a connection
 * ended. It stands on the driver that the class has made, and keeps one number.
 */
#include <string.h>

#include "xsmc.h"
#include "xsHost.h"

#include "esp_event.h"
#include "esp_wifi.h"

static volatile uint8_t gReason;
static uint8_t gListening;

/* On the event loop's task; JavaScript looks at the number when it likes. */
static void onDisconnected(void *context, esp_event_base_t base, int32_t id, void *data)
{
	const wifi_event_sta_disconnected_t *event = data;
	(void)context;
	(void)base;
	(void)id;
	gReason = event->reason ? event->reason : WIFI_REASON_UNSPECIFIED;
}

void xs_radio_start(xsMachine *the)
{
	if (!gListening && esp_event_handler_register(WIFI_EVENT, WIFI_EVENT_STA_DISCONNECTED, onDisconnected, NULL) == ESP_OK)
		gListening = 1;
	esp_err_t result = esp_wifi_start();
	if (!gListening || result != ESP_OK) xsUnknownError("the radio does not start");
}

void xs_radio_stop(xsMachine *the)
{
	(void)the;
	(void)esp_wifi_stop();
}

void xs_radio_clear(xsMachine *the)
{
	(void)the;
	gReason = 0;
}

void xs_radio_reason(xsMachine *the)
{
	xsmcSetInteger(xsResult, gReason);
}

/* Two lower-case hexadecimal digits. */
static uint8_t hexByte(const char *text)
{
	uint8_t value = 0;
	for (int i = 0; i < 2; i++)
		value = (uint8_t)(value << 4 | (text[i] <= '9' ? text[i] - '0' : text[i] - 'a' + 10));
	return value;
}

/* SSID, password, channel, BSSID as "aa:bb:cc:dd:ee:ff", all checked by remembered.ts and networks.ts. */
void xs_radio_join(xsMachine *the)
{
	wifi_config_t config = { 0 };
	char ssid[sizeof(config.sta.ssid) + 1];
	char password[sizeof(config.sta.password) + 1];
	char bssid[18];
	xsmcToStringBuffer(xsArg(0), ssid, sizeof(ssid));
	xsmcToStringBuffer(xsArg(1), password, sizeof(password));
	xsmcToStringBuffer(xsArg(3), bssid, sizeof(bssid));
	memcpy(config.sta.ssid, ssid, strlen(ssid));
	memcpy(config.sta.password, password, strlen(password));
	config.sta.scan_method = WIFI_FAST_SCAN;
	config.sta.channel = (uint8_t)xsmcToInteger(xsArg(2));
	config.sta.bssid_set = true;
	for (int i = 0; i < 6; i++) config.sta.bssid[i] = hexByte(bssid + 3 * i);
	gReason = 0;
	esp_err_t result = esp_wifi_set_config(WIFI_IF_STA, &config);
	if (result == ESP_OK) result = esp_wifi_connect();
	memset(password, 0, sizeof(password));
	memset(&config, 0, sizeof(config));
	xsmcSetInteger(xsResult, result);
}
