/** os.c. */
declare function native(name: string): (this: unknown, ...args: readonly unknown[]) => unknown;

/** One line to whoever listens on the UART. */
export function print(this: void, line: string): void {
	native('xs_os_print').call(this, line);
}

/** Built with a debugger or instruments in it. */
export function isDiagnosis(this: void): boolean {
	return native('xs_os_is_diagnosis').call(this) as boolean;
}

/** The IPv4 name server that DHCP gave at this place, 0 being the first. */
export function nameServer(this: void, index: number): string | undefined {
	return native('xs_os_name_server').call(this, index) as string | undefined;
}

/** Makes it an output at this level. Deep sleep lets go of it. */
export function setPin(this: void, pin: number, isHigh: boolean): void {
	native('xs_os_set_pin').call(this, pin, isHigh);
}

/** Sets the system's clock, which goes on over deep sleep and restarts: epoch milliseconds. The SDK's own takes whole seconds. */
export function setTime(this: void, time: number): void {
	native('xs_os_set_time').call(this, time);
}
