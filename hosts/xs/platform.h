/*
 * What XS asks of its platform, for this host: Linux, one machine, memory like a board's, no real time.
 * The board's own settings (no CESU-8, 16-byte slots) stand here or in build.ts; what is not set is XS's default.
 */
#ifndef XS_HOST_PLATFORM_H
#define XS_HOST_PLATFORM_H

#undef mxLinux
#define mxLinux 1
#undef mxLittleEndian
#define mxLittleEndian 1
#define mxExport extern
#define mxImport extern
#define XS_FUNCTION_NORETURN __attribute__((noreturn))

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <float.h>
#include <math.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

/* Date sees the first moment of 1970 and no other: time reaches the firmware by its Clock alone. */
typedef struct timeval c_timeval;
#define c_timezone timezone
#define c_gettimeofday(TIME, ZONE) ((TIME)->tv_sec = 0, (TIME)->tv_usec = 0, 0)

#define mxUseGCCAtomics 1
#define mxUsePOSIXThreads 1
#define mxUseDefaultBuildKeys 1
#define mxUseDefaultParseScript 1
#define mxUseDefaultSharedChunks 1
#if INTPTR_MAX == INT64_MAX
#define mx32bitID 1
#endif

/* Chunks grow up from `low`, slots and the stack down from `high`; both are `arena` to `end`. The waiter* are xsAtomics.c's. */
#define mxMachinePlatform \
	int jobsWait; \
	char* arena; \
	char* low; \
	char* high; \
	char* end; \
	void* waiterCondition; \
	void* waiterData; \
	void* waiterLink;

#endif
