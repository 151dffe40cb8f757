/*
 * LMIC's configuration: region and radio are chosen at build, by the manifest's "defines" (lmic.region, lmic.radio) or on the
 * compiler's command line. LMIC's sources are unedited; they find this by ARDUINO_LMIC_PROJECT_CONFIG_H.
 */
#ifndef MODULES_LMIC_CONFIG_H
#define MODULES_LMIC_CONFIG_H

#if defined(__has_include)
#if __has_include("mc.defines.h")
#include "mc.defines.h"
#endif
#endif

#define LMIC_EU868 868
#define LMIC_US915 915
#define LMIC_AU915 916
#define LMIC_AS923 923
#define LMIC_KR920 920
#define LMIC_IN866 866

#if !defined(MODDEF_LMIC_REGION) || !defined(MODDEF_LMIC_RADIO)
#error "modules/lmic: the manifest must define lmic.region (868 EU, 915 US, 916 AU, 923 AS, 920 KR, 866 IN) and lmic.radio (1276, 1262)"
#endif

#if MODDEF_LMIC_REGION == LMIC_EU868
#define CFG_eu868 1
#elif MODDEF_LMIC_REGION == LMIC_US915
#define CFG_us915 1
#elif MODDEF_LMIC_REGION == LMIC_AU915
#define CFG_au915 1
#elif MODDEF_LMIC_REGION == LMIC_AS923
#define CFG_as923 1
#elif MODDEF_LMIC_REGION == LMIC_KR920
#define CFG_kr920 1
#elif MODDEF_LMIC_REGION == LMIC_IN866
#define CFG_in866 1
#else
#error "lmic.region: 868 (EU), 915 (US), 916 (AU), 923 (AS), 920 (KR) or 866 (IN)"
#endif

#if MODDEF_LMIC_RADIO == 1276
#define CFG_sx1276_radio 1
#elif MODDEF_LMIC_RADIO == 1262
#define CFG_sx1262_radio 1
#else
#error "lmic.radio: 1276 or 1262"
#endif

/* LMIC compares moments by differences that go round, which C leaves undefined: without this, GCC at -O2 makes of them comparisons
   that hold a device back for eight hours. */
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize("wrapv")
#endif

/* Class A, no beacons; the AES that is C, and not C++. */
#define DISABLE_PING 1
#define DISABLE_BEACONS 1
#define USE_ORIGINAL_AES 1
#define LMIC_USE_INTERRUPTS 1
#define LMIC_ENABLE_onEvent 0
#define LMIC_ENABLE_user_events 1
#define LMIC_ENABLE_DeviceTimeReq 1
#define LMIC_DR_LEGACY 0

#endif
