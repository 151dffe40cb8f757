/* C that TypeScript reaches by name, with native(name). The rooms' functions stand in a table that build.ts writes. */
#include "natives.h"

/* Reads what a request is answered with: nothing, one value, or several as an array. A refusal is thrown by `refuse`. */
static void answer(txMachine* the)
{
	int kind;
	/* When the power goes in the middle of a request, the board asks for a last report before it answers. */
	while ((kind = receiveFrame(the)) == FRAME_EVENT)
		dispatch(the);
	if (kind == FRAME_REFUSAL) {
		mxPushSlot(&mxGlobal);
		mxDub();
		fxGetID(the, fxFindName(the, "refuse"));
		mxCall();
		pushValue(the);
		pushValue(the);
		mxRunCount(2);
		mxPop();
	}
	else if (kind != FRAME_ANSWER) {
		fprintf(stderr, "xs-host: no answer but a frame of kind %d\n", kind);
		_exit(EXIT_PROTOCOL);
	}
}

static void ask(txMachine* the, int first)
{
	int index, count = mxArgc;
	beginFrame(FRAME_REQUEST);
	for (index = first; index < count; index++)
		putValue(the, mxArgv(index));
	sendFrame();
	answer(the);
}

/* request(operation, ...values): undefined, a value, or an array of values. */
static void xs_request(txMachine* the)
{
	ask(the, 0);
	if (frameIsRead())
		return;
	pushValue(the);
	if (frameIsRead()) {
		mxPullSlot(mxResult);
		return;
	}
	mxPullSlot(mxResult);
	mxPush(mxArrayPrototype);
	fxNewArrayInstance(the);
	fxArrayCacheBegin(the, the->stack);
	fxArrayCacheItem(the, the->stack, mxResult);
	while (!frameIsRead()) {
		pushValue(the);
		fxArrayCacheItem(the, the->stack + 1, the->stack);
		mxPop();
	}
	fxArrayCacheEnd(the, the->stack);
	mxPullSlot(mxResult);
}

/* fill(into, operation, ...values): the answer's bytes go into the Uint8Array; returns how many they were. */
static void xs_fill(txMachine* the)
{
	void* into;
	txUnsigned room;
	size_t length;
	const uint8_t* bytes;
	ask(the, 1);
	bytes = takeBytes(the, &length);
	_xsmcGetBuffer(the, mxArgv(0), &into, &room, 1);
	if (length > room) {
		fprintf(stderr, "xs-host: an answer of %zu bytes for a buffer of %u\n", length, (unsigned)room);
		_exit(EXIT_PROTOCOL);
	}
	c_memcpy(into, bytes, length);
	mxResult->kind = XS_INTEGER_KIND;
	mxResult->value.integer = length;
}

/* free(): bytes of the arena that nothing holds. */
static void xs_free(txMachine* the)
{
	size_t slots = the->currentHeapCount + (the->stackTop - the->stackBottom);
	mxResult->kind = XS_INTEGER_KIND;
	mxResult->value.integer = (the->end - the->arena) - slots * sizeof(txSlot) - the->currentChunksSize;
}

static const Native ownNatives[] = {
	{ "xs_free", xs_free },
	{ "xs_request", xs_request },
	{ "xs_fill", xs_fill },
	{ C_NULL, C_NULL },
};

static void missing(txMachine* the)
{
	mxTypeError("this host has no such native function");
}

/* native(name): the functions are properties of the global object, so that asking for one makes nothing. */
static void xs_native(txMachine* the)
{
	txString name = fxToString(the, mxArgv(0));
	txID id = c_strncmp(name, "xs_", 3) ? XS_NO_ID : fxFindName(the, name);
	if (id != XS_NO_ID) {
		mxPushSlot(&mxGlobal);
		fxGetID(the, id);
		mxPullSlot(mxResult);
	}
	/* A module may be preloaded though it cannot be used here. */
	if (mxResult->kind != XS_REFERENCE_KIND) {
		fxNewHostFunction(the, missing, 0, XS_NO_ID, XS_NO_ID);
		mxPullSlot(mxResult);
	}
}

static void define(txMachine* the, const char* name, txCallback callback)
{
	txSlot* property;
	fxNewHostFunction(the, callback, 1, XS_NO_ID, XS_NO_ID);
	property = mxBehaviorSetProperty(the, mxGlobal.value.reference, fxNewNameC(the, (txString)name), 0, XS_OWN);
	property->flag = XS_DONT_ENUM_FLAG;
	property->kind = the->stack->kind;
	property->value = the->stack->value;
	mxPop();
}

void defineNatives(txMachine* the)
{
	const Native* native;
	fxBeginHost(the);
	define(the, "native", xs_native);
	for (native = ownNatives; native->name; native++)
		define(the, native->name, native->callback);
	for (native = roomNatives; native->name; native++)
		define(the, native->name, native->callback);
	fxNewNameC(the, "dispatch");
	fxNewNameC(the, "refuse");
	fxEndHost(the);
}
