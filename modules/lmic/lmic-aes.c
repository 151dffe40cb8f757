/*
 * LMIC's AES, under a name of its own: LMIC has two files that are called lmic.c, and the build keeps one of a name. That file
 * also lacks the header that declares what it defines.
 */
#include "../lmic/oslmic.h"
#include "../aes/lmic_aes_interface.h"
#include "../aes/lmic.c"
