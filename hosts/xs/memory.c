/* Memory as on a board: one arena, fixed. What does not fit ends the machine. */
#include "host.h"

size_t gArenaSize = 0;

void fxCreateMachinePlatform(txMachine* the)
{
	if (gArenaSize == 0)
		return;
	the->arena = the->low = c_malloc(gArenaSize);
	if (!the->arena)
		die(the, XS_NOT_ENOUGH_MEMORY_EXIT, "this computer has no memory for an arena");
	the->high = the->end = the->arena + gArenaSize;
}

void fxDeleteMachinePlatform(txMachine* the)
{
	c_free(the->arena);
}

void* fxAllocateChunks(txMachine* the, txSize size)
{
	char* block = the->low;
	if (!the->arena)
		return c_malloc(size);
	size = (size + 7) & ~7;
	if (size > the->high - the->low)
		return C_NULL;
	the->low += size;
	return block;
}

void fxFreeChunks(txMachine* the, void* block)
{
	if (!the->arena)
		c_free(block);
}

txSlot* fxAllocateSlots(txMachine* the, txSize count)
{
	if (!the->arena)
		return c_malloc(count * sizeof(txSlot));
	/* XS would go on without a stack. */
	if (count > (the->high - the->low) / (txSize)sizeof(txSlot))
		die(the, XS_NOT_ENOUGH_MEMORY_EXIT, "memory full");
	the->high -= count * sizeof(txSlot);
	return (txSlot*)the->high;
}

void fxFreeSlots(txMachine* the, void* slots)
{
	if (!the->arena)
		c_free(slots);
}

void putStatistics(txMachine* the)
{
	txMachine* rom = the->sharedMachine ? the->sharedMachine : the;
	const uint32_t numbers[STATISTICS] = {
		sizeof(txSlot),
		the->currentHeapCount * sizeof(txSlot),
		the->peakHeapCount * sizeof(txSlot),
		the->currentChunksSize,
		the->peakChunksSize,
		(the->stackTop - the->stackPeak) * sizeof(txSlot),
		(the->stackTop - the->stackBottom) * sizeof(txSlot),
		the->end - the->arena,
		(the->low - the->arena) + (the->end - the->high),
		the->keyIndex - the->keyOffset,
		the->aliasCount,
		the->garbageCollectionCount,
		the->meterIndex,
		rom->currentHeapCount * sizeof(txSlot),
		rom->currentChunksSize,
	};
	int i;
	for (i = 0; i < STATISTICS; i++)
		putU32(the, numbers[i]);
}

void die(txMachine* the, int status, const char* why)
{
	beginFrame(FRAME_ABORT);
	putByte(the, status);
	putStatistics(the);
	putBytes(the, why, c_strlen(why));
	sendFrame();
	_exit(10 + status);
}

/* Says what was thrown. Only for errors of JavaScript: with no memory or no stack left, no JavaScript can run. */
static const char* describe(txMachine* the)
{
	static int busy = 0;
	if (busy++)
		return "an error that has no words";
	return fxToString(the, &mxException);
}

void fxAbort(txMachine* the, int status)
{
	switch (status) {
	case XS_NOT_ENOUGH_MEMORY_EXIT: die(the, status, "memory full");
	case XS_STACK_OVERFLOW_EXIT: die(the, status, "stack overflow");
	case XS_NO_MORE_KEYS_EXIT: die(the, status, "not enough keys");
	case XS_UNHANDLED_EXCEPTION_EXIT:
	case XS_UNHANDLED_REJECTION_EXIT: die(the, status, describe(the));
	default: die(the, status, "XS gave up");
	}
}

#if defined(mxDebug) || defined(mxInstrument)
/* xsbug does not listen. */
void fxConnect(txMachine* the) { }
void fxDisconnect(txMachine* the) { }
txBoolean fxIsConnected(txMachine* the) { return 0; }
txBoolean fxIsReadable(txMachine* the) { return 0; }
void fxReceive(txMachine* the) { }
void fxSend(txMachine* the, txBoolean more) { }
#endif
