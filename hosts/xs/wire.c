/*
 * Frames between this process and Node, which answers every request before it does anything else (frames.ts is the twin).
 *
 *   frame    length u32 (of what follows, 1 to 65,536), kind u8, body
 *   value    0 undefined | 1 null | 2 false | 3 true | 4 number f64 | 5 text u32 bytes | 6 bytes u32 bytes
 *
 * All numbers are little-endian, as is every chip that this runs on.
 */
#include "host.h"

#define IN 3
#define OUT 4

enum { UNDEFINED, NIL, FALSE, TRUE, NUMBER, TEXT, BYTES };

/* Outside of the arena: on a board these are the peripherals' own. */
static uint8_t in[FRAME_LIMIT], out[4 + FRAME_LIMIT];
static size_t inLength, inAt, outAt;

static void __attribute__((noreturn)) lost(const char* why)
{
	fprintf(stderr, "xs-host: %s\n", why);
	_exit(EXIT_PROTOCOL);
}

void beginFrame(int kind)
{
	outAt = 4;
	out[outAt++] = kind;
}

static void put(txMachine* the, const void* bytes, size_t length)
{
	if (length > sizeof(out) - outAt)
		die(the, XS_NOT_ENOUGH_MEMORY_EXIT, "more than a frame holds");
	c_memcpy(out + outAt, bytes, length);
	outAt += length;
}

void putByte(txMachine* the, unsigned value)
{
	uint8_t byte = value;
	put(the, &byte, 1);
}

void putU32(txMachine* the, uint32_t value)
{
	put(the, &value, 4);
}

void putBytes(txMachine* the, const void* bytes, size_t length)
{
	putU32(the, length);
	put(the, bytes, length);
}

void putValue(txMachine* the, txSlot* slot)
{
	void* bytes;
	txUnsigned length;
	txNumber number;
	switch (slot->kind) {
	case XS_UNDEFINED_KIND: putByte(the, UNDEFINED); break;
	case XS_NULL_KIND: putByte(the, NIL); break;
	case XS_BOOLEAN_KIND: putByte(the, slot->value.boolean ? TRUE : FALSE); break;
	case XS_INTEGER_KIND:
	case XS_NUMBER_KIND:
		number = slot->kind == XS_NUMBER_KIND ? slot->value.number : slot->value.integer;
		putByte(the, NUMBER);
		put(the, &number, 8);
		break;
	case XS_STRING_KIND:
	case XS_STRING_X_KIND:
		putByte(the, TEXT);
		putBytes(the, slot->value.string, c_strlen(slot->value.string));
		break;
	default:
		/* Throws a TypeError for anything else. */
		_xsmcGetBuffer(the, slot, &bytes, &length, 0);
		putByte(the, BYTES);
		putBytes(the, bytes, length);
	}
}

void sendFrame(void)
{
	uint32_t length = outAt - 4;
	size_t at = 0;
	c_memcpy(out, &length, 4);
	while (at < outAt) {
		ssize_t count = write(OUT, out + at, outAt - at);
		/* Node is gone: nobody is left to tell. */
		if (count <= 0)
			_exit(0);
		at += count;
	}
}

static void readAll(void* bytes, size_t length)
{
	size_t at = 0;
	while (at < length) {
		ssize_t count = read(IN, (uint8_t*)bytes + at, length - at);
		if (count <= 0)
			_exit(0);
		at += count;
	}
}

int receiveFrame(txMachine* the)
{
	uint32_t length;
	readAll(&length, 4);
	if (length == 0 || length > FRAME_LIMIT)
		lost("a frame of a length that cannot be");
	readAll(in, length);
	inLength = length;
	inAt = 1;
	return in[0];
}

int frameIsRead(void)
{
	return inAt >= inLength;
}

static const uint8_t* take(size_t length)
{
	const uint8_t* bytes = in + inAt;
	if (length > inLength - inAt)
		lost("a frame that is cut short");
	inAt += length;
	return bytes;
}

static uint32_t takeU32(void)
{
	uint32_t value;
	c_memcpy(&value, take(4), 4);
	return value;
}

void pushValue(txMachine* the)
{
	txNumber number;
	uint32_t length;
	int kind = *take(1);
	mxPushUndefined();
	switch (kind) {
	case UNDEFINED: break;
	case NIL: the->stack->kind = XS_NULL_KIND; break;
	case FALSE:
	case TRUE:
		the->stack->kind = XS_BOOLEAN_KIND;
		the->stack->value.boolean = kind == TRUE;
		break;
	case NUMBER:
		c_memcpy(&number, take(8), 8);
		fxNumber(the, the->stack, number);
		/* As JavaScript does: a whole number is an integer inside, and costs less. */
		if (number >= -2147483648.0 && number <= 2147483647.0 && number == (txInteger)number && !(number == 0 && signbit(number)))
			fxInteger(the, the->stack, (txInteger)number);
		break;
	case TEXT:
		length = takeU32();
		fxStringBuffer(the, the->stack, (txString)take(length), length);
		break;
	case BYTES:
		length = takeU32();
		fxArrayBuffer(the, the->stack, (void*)take(length), length, -1);
		break;
	default: lost("a value of a kind that nobody knows");
	}
}

const uint8_t* takeBytes(txMachine* the, size_t* length)
{
	if (*take(1) != BYTES)
		lost("an answer that is not bytes");
	*length = takeU32();
	return take(*length);
}
