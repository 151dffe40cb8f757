/** What the firmware asks of the computer that it runs on, and the SDK does not give; in os.c. */
import { Fault } from '../../modules/fault';

export function environment(name: string): string | undefined {
	return cEnvironment(name);
}

/** The text in a file; undefined when there is none. Throws when it is no UTF-8. */
export function readText(path: string): string | undefined {
	const bytes = cReadFile(path);
	return bytes && String.fromArrayBuffer(bytes);
}

/** Replaces a file whole: whenever the process is killed, the old one or the new one is there. Throws a Fault 'flash'. */
export function replaceFile(path: string, content: ArrayBuffer | Uint8Array): void {
	if (!cReplaceFile(path, content)) throw new Fault('flash', `${path}: cannot be written`);
}

export function removeFile(path: string): void {
	cRemoveFile(path);
}

export function readFile(path: string): ArrayBuffer | undefined {
	return cReadFile(path);
}

export function random32(): number {
	const value = cRandom32();
	if (value === undefined) throw new Fault('misuse', 'this system has no random numbers');
	return value;
}

/** Milliseconds from some moment on, monotonic. The SDK's `Time.ticks` follows the system clock on computers. */
export function monotonic(): number {
	return cTicks();
}

/**
 * Ends this machine: in the SDK's simulator the device goes dark, headless the process ends with `status`, and whoever started it
 * may start it again.
 */
export function halt(status: number): never {
	cHalt(status);
	throw new Error('halted');
}

/* os.c ---------------------------------------------------------------------------------------------------------------- */

declare function native(name: string): (this: unknown, ...args: readonly unknown[]) => unknown;

function cEnvironment(this: void, name: string): string | undefined {
	return native('xs_desktop_environment').call(this, name) as string | undefined;
}
function cReadFile(this: void, path: string): ArrayBuffer | undefined {
	return native('xs_desktop_read_file').call(this, path) as ArrayBuffer | undefined;
}
function cReplaceFile(this: void, path: string, content: ArrayBuffer | Uint8Array): boolean {
	return native('xs_desktop_replace_file').call(this, path, content) as boolean;
}
function cRemoveFile(this: void, path: string): boolean {
	return native('xs_desktop_remove_file').call(this, path) as boolean;
}
function cRandom32(this: void): number | undefined {
	return native('xs_desktop_random32').call(this) as number | undefined;
}
function cTicks(this: void): number {
	return native('xs_desktop_ticks').call(this) as number;
}
function cHalt(this: void, status: number): void {
	native('xs_desktop_halt').call(this, status);
}
