/*
 * NOR flash in a file: see flash.ts. Every function takes the handle that xs_desktop_flash_open made and positional arguments;
 * true means done. What is written is with the operating system before a function returns, so killing the process loses nothing.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "xsmc.h"

#if defined(_WIN32)
#include <io.h>
#define FLAGS (_O_RDWR | _O_CREAT | _O_BINARY)
#define MODE (_S_IREAD | _S_IWRITE)
typedef int Count;
#else
#include <sys/file.h>
#include <unistd.h>
#define FLAGS (O_RDWR | O_CREAT | O_CLOEXEC)
#define MODE (S_IRUSR | S_IWUSR)
typedef ssize_t Count;
#endif

#define CHUNK 4096

typedef struct {
	int file;
} Flash;

void xs_desktop_flash_destructor(void *data)
{
	Flash *flash = data;
	if (!flash) return;
	close(flash->file);
	c_free(flash);
}

static Flash *flashOf(xsMachine *the)
{
	return xsmcGetHostDataValidate(xsArg(0), xs_desktop_flash_destructor);
}

static int readAt(int file, void *bytes, size_t length, size_t offset)
{
	char *to = bytes;
	if (lseek(file, (off_t)offset, SEEK_SET) < 0) return 0;
	while (length > 0) {
		Count count = read(file, to, length);
		if (count < 0 && errno == EINTR) continue;
		if (count <= 0) return 0;
		to += count;
		length -= (size_t)count;
	}
	return 1;
}

static int writeAt(int file, const void *bytes, size_t length, size_t offset)
{
	const char *from = bytes;
	if (lseek(file, (off_t)offset, SEEK_SET) < 0) return 0;
	while (length > 0) {
		Count count = write(file, from, length);
		if (count < 0 && errno == EINTR) continue;
		if (count <= 0) return 0;
		from += count;
		length -= (size_t)count;
	}
	return 1;
}

static int blank(int file, size_t offset, size_t length)
{
	unsigned char erased[CHUNK];
	memset(erased, 0xff, sizeof erased);
	while (length > 0) {
		size_t count = length < CHUNK ? length : CHUNK;
		if (!writeAt(file, erased, count, offset)) return 0;
		offset += count;
		length -= count;
	}
	return 1;
}

/* Two machines on one flash would ruin it. The lock goes with the process, however that ends. */
static const char *prepare(int file, size_t size)
{
	struct stat facts;
#if !defined(_WIN32)
	if (flock(file, LOCK_EX | LOCK_NB)) return "it is in use";
#endif
	if (fstat(file, &facts)) return strerror(errno);
	/* Shorter: it was being made when its maker was killed, and holds nothing yet. */
	if ((size_t)facts.st_size < size) return blank(file, 0, size) ? NULL : strerror(errno);
	return (size_t)facts.st_size == size ? NULL : "it has another size";
}

/* (path, size) → handle, or text: why not. A file that is not there is made, erased. */
void xs_desktop_flash_open(xsMachine *the)
{
	size_t size = (size_t)xsmcToInteger(xsArg(1));
	int file = open(xsmcToString(xsArg(0)), FLAGS, MODE);
	const char *fault = file < 0 ? strerror(errno) : prepare(file, size);
	Flash *flash = fault ? NULL : c_malloc(sizeof(*flash));
	if (!flash) {
		if (file >= 0) close(file);
		xsmcSetString(xsResult, (char *)(fault ? fault : "no memory"));
		return;
	}
	flash->file = file;
	xsResult = xsNewHostObject(xs_desktop_flash_destructor);
	xsmcSetHostData(xsResult, flash);
}

/* (handle, into, offset) */
void xs_desktop_flash_read(xsMachine *the)
{
	Flash *flash = flashOf(the);
	void *bytes;
	xsUnsignedValue length;
	xsmcGetBufferWritable(xsArg(1), &bytes, &length);
	xsmcSetBoolean(xsResult, readAt(flash->file, bytes, length, (size_t)xsmcToInteger(xsArg(2))));
}

/* (handle, bytes, offset): clears bits, sets none. */
void xs_desktop_flash_write(xsMachine *the)
{
	Flash *flash = flashOf(the);
	size_t offset = (size_t)xsmcToInteger(xsArg(2));
	unsigned char cells[CHUNK];
	void *bytes;
	xsUnsignedValue length, done = 0;
	xsmcGetBufferReadable(xsArg(1), &bytes, &length);
	while (done < length) {
		xsUnsignedValue count = length - done < CHUNK ? length - done : CHUNK, i;
		if (!readAt(flash->file, cells, count, offset + done)) break;
		for (i = 0; i < count; i++) cells[i] &= ((unsigned char *)bytes)[done + i];
		if (!writeAt(flash->file, cells, count, offset + done)) break;
		done += count;
	}
	xsmcSetBoolean(xsResult, done == length);
}

/* (handle, offset, length) */
void xs_desktop_flash_erase(xsMachine *the)
{
	Flash *flash = flashOf(the);
	xsmcSetBoolean(xsResult, blank(flash->file, (size_t)xsmcToInteger(xsArg(1)), (size_t)xsmcToInteger(xsArg(2))));
}

/* (handle) */
void xs_desktop_flash_close(xsMachine *the)
{
	xs_desktop_flash_destructor(flashOf(the));
	xsmcSetHostData(xsArg(0), NULL);
}
