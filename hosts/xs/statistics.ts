import type { Frame } from './frames';

/** The memory of the machine and what it computed, as memory.c counts them. Bytes, unless the name says otherwise. */
export interface MachineStatistics {
	/** 16 on the board and in a 32-bit build, 32 in a 64-bit one. */
	readonly slotSize: number;
	readonly slots: number;
	/** Peaks count garbage that was not yet collected. */
	readonly slotsPeak: number;
	readonly chunks: number;
	readonly chunksPeak: number;
	readonly stackPeak: number;
	readonly stackSize: number;
	readonly arena: number;
	/** The part of the arena that was ever taken by slots, chunks and stack together. */
	readonly arenaPeak: number;
	/** Names that the firmware made up while it ran. */
	readonly keys: number;
	/** Things in flash that could be changed: each costs the board a pointer (4 bytes) outside of the arena. */
	readonly aliases: number;
	readonly collections: number;
	/** Of the last event. */
	readonly computrons: number;
	/** What would be in flash. */
	readonly romSlots: number;
	readonly romChunks: number;
}

export function readStatistics(frame: Frame): MachineStatistics {
	return {
		slotSize: frame.u32(),
		slots: frame.u32(),
		slotsPeak: frame.u32(),
		chunks: frame.u32(),
		chunksPeak: frame.u32(),
		stackPeak: frame.u32(),
		stackSize: frame.u32(),
		arena: frame.u32(),
		arenaPeak: frame.u32(),
		keys: frame.u32(),
		aliases: frame.u32(),
		collections: frame.u32(),
		computrons: frame.u32(),
		romSlots: frame.u32(),
		romChunks: frame.u32(),
	};
}
