/** A C function of the host, by its name (natives.c). */
declare function native(name: string): (...values: never[]) => unknown;

/** Called by C, with the values of an event. */
declare var dispatch: (handle: number, ...values: never[]) => unknown;

/** Called by C when the world refused a request: throws. */
declare var refuse: (code: string, message: string) => never;
