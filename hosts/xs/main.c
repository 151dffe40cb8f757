/*
 * The firmware on XS in a heap like a board's. Node is the world: it writes events to descriptor 3, answers the requests
 * that they lead to, and reads from descriptor 4 what comes of them (wire.c).
 *
 *   xs-host MODULES ARENA STACK KEYS
 */
#include "host.h"

/* As much as the preloaded modules could want: flash is large. */
static txCreation rom = { 1 << 20, 1 << 16, 16384, 4096, 4096, 2048, 1024, 127, 127, 1 << 16, 127 };
/* Grows in small steps, so that the arena holds what was needed and not what was reserved. */
static txCreation ram = { 1024, 512, 64, 64, 0, 0, 0, 127, 127, 1 << 16, 127 };

static txMachine* makeRom(void)
{
	txMachine* the = fxCreateMachine(&rom, "rom", C_NULL, XS_NO_ID);
	defineNatives(the);
	importModule(the, "preload");
	freezeFunctions(the);
	fxShareMachine(the);
	sealMachine(the);
	return the;
}

static void sendIdle(txMachine* the, txSlot* result)
{
	beginFrame(FRAME_IDLE);
	putStatistics(the);
	putValue(the, result);
	sendFrame();
}

/* Calls globalThis.dispatch(...values). An exception that leaves it ends the machine: on a board it would be a reboot. */
void dispatch(txMachine* the)
{
	static int depth = 0;
	depth++;
	fxBeginHost(the);
	{
		mxTry(the) {
			int count = 0;
			mxPushSlot(&mxGlobal);
			mxDub();
			fxGetID(the, fxFindName(the, "dispatch"));
			mxCall();
			for (; !frameIsRead(); count++)
				pushValue(the);
			mxRunCount(count);
			mxPullSlot(mxResult);
			/* Promises settle between events, not in the middle of one. */
			if (depth == 1)
				runJobs(the);
			sendIdle(the, mxResult);
		}
		mxCatch(the) {
			fxAbort(the, XS_UNHANDLED_EXCEPTION_EXIT);
		}
	}
	fxEndHost(the);
	depth--;
}

static void serve(txMachine* the)
{
	for (;;) {
		the->meterIndex = 0;
		switch (receiveFrame(the)) {
		case FRAME_EVENT:
			dispatch(the);
			break;
		case FRAME_COLLECT:
			fxCollectGarbage(the);
			sendIdle(the, &mxUndefined);
			break;
		default:
			fprintf(stderr, "xs-host: a frame that is no event\n");
			_exit(EXIT_PROTOCOL);
		}
	}
}

int main(int argc, char* argv[])
{
	txMachine *shared, *the;
	if (argc != 5) {
		fprintf(stderr, "usage: xs-host MODULES ARENA STACK KEYS\n");
		return EXIT_PROTOCOL;
	}
	setModuleRoot(argv[1]);
	fxInitializeSharedCluster();
	shared = makeRom();
	gArenaSize = strtoul(argv[2], C_NULL, 10);
	ram.stackCount = atoi(argv[3]);
	ram.initialKeyCount = atoi(argv[4]);
	the = fxCloneMachine(&ram, shared, "device", C_NULL);
	importModule(the, "hosts/xs/device/main");
	serve(the);
}
