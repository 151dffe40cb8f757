/*
 * LMIC, by messages: what a VM tells it, and what it tells a VM. lmic-engine.c is the same on a board (board-hal.c, which has a
 * task for it) and on a desktop (hosts/simulator/lmic/twin.c, over a model of the radio). message.ts is the other end.
 */
#ifndef MODULES_LMIC_ENGINE_H
#define MODULES_LMIC_ENGINE_H

#include <stddef.h>
#include <stdint.h>

/* To the engine: one byte of these, then what is said. Numbers are little-endian. */
enum {
	/* JoinEUI 8, DevEUI 8 (as on the air: the last byte first), AppKey 16; u8 ADR; u8 sub-band of a US or AU network, 1 to 8,
	   or 0: all channels. */
	ENGINE_BEGIN = 1,
	/* u16 next DevNonce, u32 ms to hold back (0xFFFFFFFF: unknown, presume the worst), u32 s since it was first
	   tried, u8 the data rate that was tried last, and 1, or 0. */
	ENGINE_JOIN = 2,
	/* The head of a session (16), u8 waits, that many u32 ms (or 255: unknown, presume the worst), the rest of the session. */
	ENGINE_RESUME = 3,
	/* u32 uplink counters below this, u16 DevNonces below this may be used. */
	ENGINE_GRANT = 4,
	/* u8 port, u8 flags (1 confirmed, 2 ask for the time), payload. */
	ENGINE_SEND = 5,
	/* Radio off; nothing is told after it. */
	ENGINE_END = 6
};

/* From the engine. */
enum {
	/* u8 state (0 joining, 1 joined), u8 room, u32 ms until ready (0xFFFFFFFF: an uplink is under way), head of the session (16),
	   u8 waits, that many u32 ms. */
	ENGINE_STATUS = 1,
	/* The rest of the session, when it is another. */
	ENGINE_SESSION = 2,
	ENGINE_JOINED = 3,
	/* u8 acknowledged, u8 went out. */
	ENGINE_SENT = 4,
	/* u8 port, i16 dBm, i8 SNR in quarter decibels, payload. */
	ENGINE_DOWNLINK = 5,
	/* u32 seconds of GPS time, u32 ms since then. */
	ENGINE_TIME = 6,
	/* u8 FAULT_…, u16 line, file. */
	ENGINE_FAULT = 7,
	/* i16 dBm, i8 SNR in quarter decibels, of a downlink without a payload. */
	ENGINE_HEARD = 8
};

enum {
	/* LMIC asserts what is not so. */
	FAULT_ASSERTION = 1,
	/* No radio, or another one, answers. */
	FAULT_RADIO = 2,
	/* The radio took an order and never said that it was done; or it holds the bus. */
	FAULT_STUCK = 3,
	/* The bytes are no session of this build. */
	FAULT_SESSION = 4,
	/* A counter that was not granted was about to be used. */
	FAULT_COUNTER = 5
};

/* What lmic-engine.c asks of its HAL beside LMIC's own lmic_hal_…: */
void engineTell(const uint8_t *message, size_t length);
/* The radio is held in reset, its interrupts are off. */
void engineSilence(void);

/* What it offers. All are called from one task. */
void engineTold(const uint8_t *message, size_t length);
/* Does what is due. Returns the microseconds until more is due, at most an hour's. */
uint32_t engineRun(void);
/* For the HAL: ends the job that is under way with a fault, and does not return. */
void engineFail(int fault, const char *file, unsigned line) __attribute__((noreturn));
/* For the HAL: LMIC found nothing to do, or nothing before this time. */
void engineIdle(void);
void engineNext(uint32_t ticks);
/* For the HAL: an interrupt line of the radio went high then. */
void engineInterrupt(unsigned line, uint32_t ticks);
/* For the HAL: the job under way takes longer than any does. */
int engineIsLate(void);

#endif
