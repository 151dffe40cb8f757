/* Counts what malloc gives. Stands before the C library's own, for the libraries too. */
#include <malloc.h>
#include <stddef.h>
#include <time.h>

#include <mbedtls/version.h>
#if MBEDTLS_VERSION_NUMBER >= 0x03000000
#include <psa/crypto.h>
#endif

#include "xsmc.h"

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *block, size_t size);
extern void __libc_free(void *block);

static size_t now, most, base;

static void *given(void *block)
{
	if (block) now += malloc_usable_size(block);
	if (now > most) most = now;
	return block;
}

void *malloc(size_t size)
{
	return given(__libc_malloc(size));
}

void *calloc(size_t count, size_t size)
{
	return given(__libc_calloc(count, size));
}

void *realloc(void *block, size_t size)
{
	size_t before = block ? malloc_usable_size(block) : 0;
	void *moved = __libc_realloc(block, size);
	if (moved || !size) now -= before;
	return given(moved);
}

void free(void *block)
{
	if (block) now -= malloc_usable_size(block);
	__libc_free(block);
}

void xs_heap_begin(xsMachine *the)
{
	time_t epoch = 0;
	struct tm date;
	(void)the;
	/* The C library keeps what it learns of time zones when it is first asked for a date, as Mbed TLS does. */
	gmtime_r(&epoch, &date);
	base = most = now;
}

void xs_heap_used(xsMachine *the)
{
#if MBEDTLS_VERSION_NUMBER >= 0x03000000
	/* PSA's own state lives as long as the device. */
	mbedtls_psa_crypto_free();
#endif
	xsmcSetNumber(xsResult, (double)now - (double)base);
}

void xs_heap_peak(xsMachine *the)
{
	xsmcSetNumber(xsResult, (double)(most - base));
}
