/* What the firmware asks of the operating system, and the SDK does not give: see os.ts. */
#if defined(_WIN32)
#define _CRT_RAND_S
#endif
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#if defined(_WIN32)
#include <windows.h>
#else
#include <fcntl.h>
#include <time.h>
#include <unistd.h>
#endif

#include "xsmc.h"

#define LONGEST_PATH 1024

/* (name) → text or undefined */
void xs_desktop_environment(xsMachine *the)
{
	const char *value = getenv(xsmcToString(xsArg(0)));
	if (value) xsmcSetString(xsResult, (char *)value);
}

/* (path) → bytes; undefined when it is not there or cannot be read */
void xs_desktop_read_file(xsMachine *the)
{
	FILE *file = fopen(xsmcToString(xsArg(0)), "rb");
	char *bytes = NULL;
	long length = -1;
	int done = 0;
	if (!file) return;
	if (!fseek(file, 0, SEEK_END)) length = ftell(file);
	if (length >= 0 && !fseek(file, 0, SEEK_SET)) bytes = malloc((size_t)length + 1);
	if (bytes) done = fread(bytes, 1, (size_t)length, file) == (size_t)length;
	fclose(file);
	xsTry {
		if (done) xsmcSetArrayBuffer(xsResult, bytes, (int)length);
	}
	xsCatch {
		free(bytes);
		xsThrow(xsException);
	}
	free(bytes);
}

static FILE *create(const char *path)
{
#if defined(_WIN32)
	return fopen(path, "wb");
#else
	int file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, S_IRUSR | S_IWUSR);
	return file < 0 ? NULL : fdopen(file, "wb");
#endif
}

static int rename_over(const char *from, const char *to)
{
#if defined(_WIN32)
	return MoveFileExA(from, to, MOVEFILE_REPLACE_EXISTING | MOVEFILE_WRITE_THROUGH) != 0;
#else
	return rename(from, to) == 0;
#endif
}

/* (path, bytes) → whether it is done: the file is the old one or the new one, whenever the process ends */
void xs_desktop_replace_file(xsMachine *the)
{
	char path[LONGEST_PATH], fresh[LONGEST_PATH + 4];
	void *bytes;
	xsUnsignedValue length;
	FILE *file;
	int done;
	xsmcToStringBuffer(xsArg(0), path, sizeof path);
	snprintf(fresh, sizeof fresh, "%s.new", path);
	xsmcGetBufferReadable(xsArg(1), &bytes, &length);
	xsmcSetFalse(xsResult);
	file = create(fresh);
	if (!file) return;
	done = fwrite(bytes, 1, length, file) == length && !fflush(file);
#if !defined(_WIN32)
	done = done && !fsync(fileno(file));
#endif
	done = !fclose(file) && done;
	if (done && rename_over(fresh, path)) xsmcSetTrue(xsResult);
}

/* (path) → whether the file is gone */
void xs_desktop_remove_file(xsMachine *the)
{
	xsmcSetBoolean(xsResult, remove(xsmcToString(xsArg(0))) == 0);
}

/* () → 32 random bits; undefined when the system has none */
void xs_desktop_random32(xsMachine *the)
{
#if defined(_WIN32)
	unsigned int value;
	if (!rand_s(&value)) xsmcSetNumber(xsResult, value);
#else
	uint32_t value;
	int file = open("/dev/urandom", O_RDONLY | O_CLOEXEC);
	if (file < 0) return;
	if (read(file, &value, sizeof value) == sizeof value) xsmcSetNumber(xsResult, value);
	close(file);
#endif
}

/* () → milliseconds of a clock that nobody sets */
void xs_desktop_ticks(xsMachine *the)
{
#if defined(_WIN32)
	xsmcSetNumber(xsResult, (double)GetTickCount64());
#else
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	xsmcSetNumber(xsResult, (double)now.tv_sec * 1000 + (double)(now.tv_nsec / 1000000));
#endif
}

/* (status): ends the machine, and not the process that it runs in. Does not return. */
void xs_desktop_halt(xsMachine *the)
{
	fxAbort(the, xsmcToInteger(xsArg(0)));
}
