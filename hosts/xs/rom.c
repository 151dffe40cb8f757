/*
 * The read-only machine. On a board, xsl runs the preloaded modules at build time and links what they left into flash;
 * here they run at start in a machine of their own, which the machine of the firmware then shares.
 */
#include "host.h"

static int isFunction(txSlot* instance)
{
	txSlot* first = instance->next;
	if (!first || !(first->flag & XS_INTERNAL_FLAG))
		return 0;
	return first->kind == XS_CALLBACK_KIND || first->kind == XS_CODE_KIND;
}

/* "All functions, both built-in and part of preloaded modules" (xs/preload.md of the SDK); freeze.ts does the built-ins. */
void freezeFunctions(txMachine* the)
{
	txSlot *heap, *slot, *property;
	for (heap = the->firstHeap; heap; heap = heap->next)
		for (slot = heap + 1; slot < heap->value.reference; slot++) {
			if (slot->kind != XS_INSTANCE_KIND || !isFunction(slot))
				continue;
			slot->flag |= XS_DONT_PATCH_FLAG;
			for (property = slot->next; property; property = property->next) {
				property->flag |= XS_DONT_DELETE_FLAG;
				if (property->kind != XS_ACCESSOR_KIND)
					property->flag |= XS_DONT_SET_FLAG;
			}
		}
}

static void sealSlot(txMachine* the, txSlot* slot)
{
	txSlot* item;
	txIndex count;
	switch (slot->kind) {
	/* The X kinds live outside of the machine's own chunks: its collector neither marks nor moves them. */
	case XS_STRING_KIND: slot->kind = XS_STRING_X_KIND; break;
	case XS_BIGINT_KIND: slot->kind = XS_BIGINT_X_KIND; break;
	case XS_CODE_KIND: slot->kind = XS_CODE_X_KIND; break;
	case XS_CALLBACK_KIND: slot->kind = XS_CALLBACK_X_KIND; break;
	case XS_KEY_KIND: slot->kind = XS_KEY_X_KIND; break;
	/* What XS does not shadow in RAM is read-only in flash: writing it throws a TypeError. */
	case XS_MAP_KIND:
	case XS_SET_KIND:
	case XS_WEAK_MAP_KIND:
	case XS_WEAK_SET_KIND:
	case XS_ARRAY_BUFFER_KIND:
		if (slot->flag & XS_INTERNAL_FLAG)
			slot->flag |= XS_DONT_SET_FLAG;
		break;
	case XS_ARRAY_KIND:
		if (!slot->value.array.address)
			break;
		count = fxGetIndexSize(the, slot);
		for (item = slot->value.array.address; count > 0; item++, count--)
			sealSlot(the, item);
		break;
	}
}

void sealMachine(txMachine* the)
{
	txSlot *heap, *slot;
	for (heap = the->firstHeap; heap; heap = heap->next)
		for (slot = heap + 1; slot < heap->value.reference; slot++)
			sealSlot(the, slot);
	for (slot = the->stack; slot < the->stackTop; slot++)
		sealSlot(the, slot);
}
