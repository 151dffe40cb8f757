/*
 * XS's own table of what may be left out, without what xsl leaves out of the board's image: there a function has neither a length
 * nor a name, two slots less each, and an error keeps no stack.
 */
#include "xsAll.h"

#define fxNewFunctionLength C_NULL
#define fxNewFunctionName C_NULL
#define fxCaptureErrorStack C_NULL
#include "xsDefaults.c"
