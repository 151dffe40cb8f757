/* What a host needs of ESP-IDF and XS besides modules/sleep: a line on the UART, and the name servers that DHCP gave. */
#include "xsmc.h"
#include "xsHost.h"

#include "esp_rom_sys.h"
#include "lwip/dns.h"
#include "lwip/ip_addr.h"

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
