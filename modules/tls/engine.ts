/** Mbed TLS by its functions, which engine.c has and explains. Results below zero are a Status (reasons.ts). */
import type { Bytes } from './options';

declare function native(name: string): (this: unknown, ...args: readonly unknown[]) => unknown;

/** A host object that holds the library's state. */
export type Engine = { readonly engine: unique symbol };

/** What xs_tls_fact knows. */
export const Fact = Object.freeze({ VERDICT: 0, ALERT: 1, ERROR: 2, VERIFIED: 3, RECEIVE: 4, GATHER: 5 } as const);

export function make(this: void): Engine | undefined {
	return native('xs_tls_new').call(this) as Engine | undefined;
}
export function trust(this: void, engine: Engine, ca: string | Bytes): number {
	return native('xs_tls_trust').call(this, engine, ca) as number;
}
export function identify(this: void, engine: Engine, certificate: string | Bytes, key: string | Bytes): number {
	return native('xs_tls_identify').call(this, engine, certificate, key) as number;
}
export function expect(
	this: void,
	engine: Engine,
	name: string,
	address: unknown,
	earliest: number,
	latest: number,
): void {
	native('xs_tls_expect').call(this, engine, name, address, earliest, latest);
}
export function start(
	this: void,
	engine: Engine,
	suites: Uint8Array,
	groups: Uint8Array,
	minor: number,
	fragment: number,
): number {
	return native('xs_tls_start').call(this, engine, suites, groups, minor, fragment) as number;
}
export function binding(this: void, engine: Engine): ArrayBuffer {
	return native('xs_tls_binding').call(this, engine) as ArrayBuffer;
}
export function resume(this: void, engine: Engine, session: Uint8Array): number {
	return native('xs_tls_resume').call(this, engine, session) as number;
}
export function sessionOf(this: void, engine: Engine, header: number): ArrayBuffer | undefined {
	return native('xs_tls_session').call(this, engine, header) as ArrayBuffer | undefined;
}
export function expiry(this: void, engine: Engine): number {
	return native('xs_tls_expiry').call(this, engine) as number;
}
export function handshake(this: void, engine: Engine): number {
	return native('xs_tls_handshake').call(this, engine) as number;
}
export function peek(this: void, engine: Engine): number {
	return native('xs_tls_peek').call(this, engine) as number;
}
export function read(this: void, engine: Engine, into: number | Uint8Array | undefined): unknown {
	return native('xs_tls_read').call(this, engine, into);
}
export function gather(this: void, engine: Engine, data: number | Bytes): void {
	native('xs_tls_gather').call(this, engine, data);
}
export function seal(this: void, engine: Engine): number {
	return native('xs_tls_seal').call(this, engine) as number;
}
export function goodbye(this: void, engine: Engine): void {
	native('xs_tls_goodbye').call(this, engine);
}
export function feed(this: void, engine: Engine, bytes: ArrayBuffer): void {
	native('xs_tls_feed').call(this, engine, bytes);
}
export function unused(this: void, engine: Engine): number {
	return native('xs_tls_unused').call(this, engine) as number;
}
export function drain(this: void, engine: Engine, limit: number): ArrayBuffer | undefined {
	return native('xs_tls_drain').call(this, engine, limit) as ArrayBuffer | undefined;
}
export function fact(this: void, engine: Engine, which: number): number {
	return native('xs_tls_fact').call(this, engine, which) as number;
}
export function label(this: void, engine: Engine, which: number): string {
	return native('xs_tls_label').call(this, engine, which) as string;
}
export function free(this: void, engine: Engine): void {
	native('xs_tls_free').call(this, engine);
}
