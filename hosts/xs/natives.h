/* What native(name) finds. */
#ifndef XS_HOST_NATIVES_H
#define XS_HOST_NATIVES_H

#include "host.h"

typedef struct {
	const char* name;
	txCallback callback;
} Native;

/* Of the rooms; written by build.ts, ends with a nameless entry. */
extern const Native roomNatives[];

#endif
