/* Modules from files, by their path in the repository, as the device names them. */
#include "host.h"

static const char* root = ".";

void setModuleRoot(const char* path)
{
	root = path;
}

static int fileOf(const char* name, char* path, size_t size)
{
	int length = snprintf(path, size, "%s/%s.js", root, name);
	return length > 0 && (size_t)length < size && access(path, R_OK) == 0;
}

/* Joins the folder of `importer` with a relative `name`; false when that leaves the root. */
static int join(const char* importer, const char* name, char* joined, size_t size)
{
	const char* slash = c_strrchr(importer, '/');
	size_t length = slash ? slash - importer : 0;
	while (name[0] == '.') {
		if (name[1] == '/')
			name += 2;
		else if (name[1] == '.' && name[2] == '/') {
			if (length == 0)
				return 0;
			while (length > 0 && importer[--length] != '/');
			name += 3;
		}
		else
			return 0;
	}
	return (size_t)snprintf(joined, size, "%.*s%s%s", (int)length, importer, length ? "/" : "", name) < size;
}

txID fxFindModule(txMachine* the, txSlot* realm, txID importer, txSlot* slot)
{
	char name[C_PATH_MAX], joined[C_PATH_MAX], path[C_PATH_MAX];
	fxToStringBuffer(the, slot, name, sizeof(name));
	if (name[0] != '.')
		c_strcpy(joined, name);
	else if (importer == XS_NO_ID || !join(fxGetKeyName(the, importer), name, joined, sizeof(joined)))
		return XS_NO_ID;
	return fileOf(joined, path, sizeof(path)) ? fxNewNameC(the, joined) : XS_NO_ID;
}

void fxLoadModule(txMachine* the, txSlot* module, txID moduleID)
{
	char path[C_PATH_MAX];
	txParser parser;
	txParserJump jump;
	txScript* script = C_NULL;
	FILE* file = fileOf(fxGetKeyName(the, moduleID), path, sizeof(path)) ? fopen(path, "r") : C_NULL;
	if (!file)
		return;
	fxInitializeParser(&parser, the, the->parserBufferSize, the->parserTableModulo);
	parser.firstJump = &jump;
	if (c_setjmp(jump.jmp_buf) == 0) {
		parser.path = fxNewParserSymbol(&parser, path);
		fxParserTree(&parser, file, (txGetter)fgetc, 0, C_NULL);
		fxParserHoist(&parser);
		fxParserBind(&parser);
		script = fxParserCode(&parser);
	}
	fclose(file);
	fxTerminateParser(&parser);
	if (script)
		fxResolveModule(the, module, moduleID, script, C_NULL, C_NULL);
}

void fxQueuePromiseJobs(txMachine* the)
{
	the->jobsWait = 1;
}

void runJobs(txMachine* the)
{
	while (the->jobsWait) {
		the->jobsWait = 0;
		fxRunPromiseJobs(the);
	}
	fxEndJob(the);
	fxCheckUnhandledRejections(the, 1);
}

static void onImported(txMachine* the) { }

static void onFailed(txMachine* the)
{
	mxException = *mxArgv(0);
	fxAbort(the, XS_UNHANDLED_EXCEPTION_EXIT);
}

void importModule(txMachine* the, const char* name)
{
	fxBeginHost(the);
	mxPushStringC((txString)name);
	fxRunImport(the, mxModuleInstanceInternal(mxProgram.value.reference)->value.module.realm, XS_NO_ID);
	mxDub();
	fxGetID(the, mxID(_then));
	mxCall();
	fxNewHostFunction(the, onImported, 1, XS_NO_ID, XS_NO_ID);
	fxNewHostFunction(the, onFailed, 1, XS_NO_ID, XS_NO_ID);
	mxRunCount(2);
	mxPop();
	fxEndHost(the);
	runJobs(the);
}
