/* The parts of this host, file by file. */
#ifndef XS_HOST_H
#define XS_HOST_H

#include "xsAll.h"
#include "xsScript.h"

/* xsmc.c: where the bytes of an ArrayBuffer or a Uint8Array are; throws a TypeError for anything else. */
extern txInteger _xsmcGetBuffer(txMachine* the, txSlot* slot, void** data, txUnsigned* count, txBoolean writable);

/* memory.c: one arena for slots, chunks and stack; the numbers that tell how much of it was used; how a machine ends. */

/* Bytes of the arena of the next machine that is made; 0: as much as it asks for. */
extern size_t gArenaSize;
/* 32-bit numbers, in the order of hosts/xs/statistics.ts. */
#define STATISTICS 15
extern void putStatistics(txMachine* the);
/* Ends the process after an 'abort' frame, as a board reboots. */
extern void die(txMachine* the, int status, const char* why);

/* modules.c: modules are files below one folder; a module's name is its path there, without ".js". */

extern void setModuleRoot(const char* path);
/* Runs the module and all that it imports. An error ends the process. */
extern void importModule(txMachine* the, const char* name);
extern void runJobs(txMachine* the);

/* rom.c: what the linker xsl does to what it puts into flash. */

/* Before fxShareMachine: functions cannot be patched. */
extern void freezeFunctions(txMachine* the);
/* After it: what the clone must not move, collect or write. */
extern void sealMachine(txMachine* the);

/* wire.c: frames to and from Node, and values in them (hosts/xs/frames.ts). */

#define FRAME_LIMIT 65536
/* The kinds of frames. */
enum { FRAME_EVENT = '>', FRAME_COLLECT = 'g', FRAME_ANSWER = '=', FRAME_REFUSAL = '!', FRAME_REQUEST = '?', FRAME_IDLE = '.', FRAME_ABORT = '*' };

extern void beginFrame(int kind);
extern void putByte(txMachine* the, unsigned value);
extern void putU32(txMachine* the, uint32_t value);
extern void putBytes(txMachine* the, const void* bytes, size_t length);
extern void putValue(txMachine* the, txSlot* slot);
extern void sendFrame(void);
/* The kind of the frame that came; ends the process when Node is gone or has lost its place. */
extern int receiveFrame(txMachine* the);
extern int frameIsRead(void);
/* Pushes the next value of the frame. */
extern void pushValue(txMachine* the);
/* The next value, which must be bytes, where they are in the frame. */
extern const uint8_t* takeBytes(txMachine* the, size_t* length);

/* natives.c: what TypeScript finds with native(name) and Native(name). */

extern void defineNatives(txMachine* the);

/* main.c: brings the event of the frame that came to the firmware. */

extern void dispatch(txMachine* the);

/* Exit codes beyond XS's own (10 + its status, see xsAll.h): the command line or a frame was wrong. */
#define EXIT_PROTOCOL 2

#endif
