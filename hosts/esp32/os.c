/* What a host needs of ESP-IDF and XS besides modules/sleep: a line on the UART, the name servers that DHCP gave, the clock. */
#include "xsmc.h"
#include "xsHost.h"

#include <sys/time.h>

#include "driver/gpio.h"
#include "esp_rom_sys.h"
#include "lwip/dns.h"
#include "lwip/ip_addr.h"

#include "sdkconfig.h"
#include "mc.defines.h"

/* The board's manifest says which chip it has, the platform of mcconfig for which one this is. */
#if !MODDEF_BOARD_CHIP
#error "this board has another chip than the platform: see boards/ in hosts/esp32/DESIGN.md"
#endif

/* A debugger is on the UART in these builds, and wants to be spoken to in its own way. */
#if defined(mxDebug) || defined(mxInstrument)
#define DIAGNOSIS 1
#else
#define DIAGNOSIS 0
#endif

void xs_os_print(xsMachine *the)
{
	const char *line = xsmcToString(xsArg(0));
#if DIAGNOSIS
	xsLog("%s\n", line);
#else
	(void)esp_rom_printf("%s\n", line);
#endif
}

void xs_os_is_diagnosis(xsMachine *the)
{
	xsmcSetBoolean(xsResult, DIAGNOSIS);
}

/* Undefined when there is none at this place, or it is an IPv6 one, which the SDK's sockets cannot reach. */
void xs_os_name_server(xsMachine *the)
{
	char text[IPADDR_STRLEN_MAX];
	const ip_addr_t *server = dns_getserver((u8_t)xsmcToInteger(xsArg(0)));
	if (server && IP_IS_V4(server) && !ip_addr_isany(server) && ipaddr_ntoa_r(server, text, sizeof(text)))
		xsmcSetString(xsResult, text);
}

void xs_os_set_pin(xsMachine *the)
{
	gpio_num_t pin = (gpio_num_t)xsmcToInteger(xsArg(0));
	(void)gpio_reset_pin(pin);
	(void)gpio_set_level(pin, xsmcToBoolean(xsArg(1)));
	(void)gpio_set_direction(pin, GPIO_MODE_OUTPUT);
}

void xs_os_set_time(xsMachine *the)
{
	double time = xsmcToNumber(xsArg(0));
	struct timeval now;
	now.tv_sec = (time_t)(time / 1000);
	now.tv_usec = (suseconds_t)((time - (double)now.tv_sec * 1000) * 1000);
	settimeofday(&now, NULL);
}
