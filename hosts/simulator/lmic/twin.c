/*
 * LMIC and its bridge (modules/lmic/lmic-engine.c) as a process, over a radio that is modelled by who started it: the HAL asks for each
 * transfer on the bus through a pair of pipes, and time is what it is told. modules/lmic/DESIGN.md says how it is built.
 *
 * Frames both ways: u16 length (little-endian) of what follows; one byte of what it is; the rest. twin.ts is the other end.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lmic.h"

#include "engine.h"

/* From there: u64 µs of now, then of each interrupt its line and its u64 µs. */
#define RUN 'R'
/* u64 µs of now, then a message for the engine. */
#define MESSAGE 'M'
/* What was read. */
#define DATA 'D'

/* From here: u64 µs, command, length of what is to be read, what goes out before. */
#define READ 'r'
/* u64 µs: the select pin is low now. */
#define SELECT 's'
/* u64 µs: is its BUSY pin high? */
#define BUSY 'b'
/* u64 µs, command, bytes. */
#define WRITE 'w'
/* u64 µs: the radio's reset pin was low. */
#define RESET 'x'
/* A message of the engine. */
#define TELL 't'
/* u32 µs until more is due. Answers RUN and MESSAGE. */
#define DONE 'd'

#define FRAME_MAX 1024
#define DIO_LINES 3
/* 8 MHz: a byte takes a microsecond. */
#define MICROS_PER_BYTE 1
/* A job takes time too: LMIC looks again and again until its moment is past. */
#define MICROS_PER_JOB 16
#define BUSY_MICROS 100000
/* Until it looks again. */
#define MICROS_PER_LOOK 20

static uint64_t gMicros;
static uint64_t gInterrupts[DIO_LINES];
static uint8_t gOut[FRAME_MAX + 3];
static size_t gOutLength;

/* Pipes -------------------------------------------------------------------------------------------------------------- */

static void all(int isRead, void *bytes, size_t length)
{
	uint8_t *at = bytes;
	while (length > 0) {
		ssize_t done = isRead ? read(STDIN_FILENO, at, length) : write(STDOUT_FILENO, at, length);
		if (done <= 0) exit(0);
		at += done;
		length -= (size_t)done;
	}
}

static size_t takeFrame(uint8_t *frame)
{
	uint8_t head[2];
	all(1, head, 2);
	size_t length = head[0] | (size_t)head[1] << 8;
	if (length == 0 || length > FRAME_MAX) exit(2);
	all(1, frame, length);
	return length;
}

static void add(const void *bytes, size_t length)
{
	if (gOutLength + length > sizeof(gOut)) exit(2);
	if (length) memcpy(gOut + gOutLength, bytes, length);
	gOutLength += length;
}

static void start(uint8_t kind)
{
	gOutLength = 2;
	add(&kind, 1);
}

static void give(void)
{
	gOut[0] = (uint8_t)(gOutLength - 2);
	gOut[1] = (uint8_t)((gOutLength - 2) >> 8);
	all(0, gOut, gOutLength);
}

static uint64_t number(const uint8_t *bytes, unsigned length)
{
	uint64_t value = 0;
	while (length-- > 0) value = value << 8 | bytes[length];
	return value;
}

/* LMIC's HAL --------------------------------------------------------------------------------------------------------- */

void lmic_hal_init_ex(const void *context)
{
	(void)context;
}

void lmic_hal_pin_rxtx(u1_t value)
{
	(void)value;
}

void lmic_hal_pin_rst(u1_t value)
{
	if (value == 2) return;
	start(RESET);
	add(&gMicros, 8);
	give();
}

static void answer(uint8_t *bytes, size_t length)
{
	uint8_t frame[FRAME_MAX];
	if (takeFrame(frame) != length + 1 || frame[0] != DATA) exit(2);
	memcpy(bytes, frame + 1, length);
}

/* As board.c does it: selecting wakes it, and then it is busy. An SX1276 has no such pin. */
static void selectChip(void)
{
#if MODDEF_LMIC_RADIO == 1262
	uint64_t began = gMicros;
	start(SELECT);
	add(&gMicros, 8);
	give();
	while (lmic_hal_radio_spi_is_busy())
		if (gMicros - began > BUSY_MICROS) engineFail(FAULT_STUCK, __FILE__, __LINE__);
#endif
}

static void begin(uint8_t kind, uint8_t command, size_t length)
{
	if (engineIsLate()) engineFail(FAULT_STUCK, __FILE__, __LINE__);
	selectChip();
	gMicros += MICROS_PER_BYTE * (length + 1);
	start(kind);
	add(&gMicros, 8);
	add(&command, 1);
}

void lmic_hal_spi_write(u1_t command, const u1_t *bytes, size_t length)
{
	begin(WRITE, command, length);
	add(bytes, length);
	give();
}

static void transfer(uint8_t command, const uint8_t *address, size_t addressLength, uint8_t *bytes, size_t length)
{
	uint8_t wanted = (uint8_t)length;
	begin(READ, command, addressLength + length);
	add(&wanted, 1);
	add(address, addressLength);
	give();
	answer(bytes, length);
}

void lmic_hal_spi_read(u1_t command, u1_t *bytes, size_t length)
{
	transfer(command, NULL, 0, bytes, length);
}

#if MODDEF_LMIC_RADIO == 1262
void lmic_hal_spi_read_sx126x(u1_t command, u1_t *address, size_t addressLength, u1_t *bytes, size_t length)
{
	transfer(command, address, addressLength, bytes, length);
}
#endif

void lmic_hal_disableIRQs(void)
{
}

void lmic_hal_enableIRQs(void)
{
}

void lmic_hal_pollPendingIRQs_helper(void)
{
}

void lmic_hal_processPendingIRQs(void)
{
	gMicros += MICROS_PER_JOB;
	for (int line = 0; line < DIO_LINES; line++) {
		uint64_t at = gInterrupts[line];
		gInterrupts[line] = 0;
		if (at) engineInterrupt((unsigned)line, (uint32_t)(at >> US_PER_OSTICK_EXPONENT));
	}
}

void lmic_hal_sleep(void)
{
	engineIdle();
}

u4_t lmic_hal_ticks(void)
{
	return (u4_t)(gMicros >> US_PER_OSTICK_EXPONENT);
}

u4_t lmic_hal_waitUntil(u4_t time)
{
	s4_t ahead = (s4_t)(time - lmic_hal_ticks());
	if (ahead < 0) return (u4_t)-ahead;
	gMicros = ((gMicros >> US_PER_OSTICK_EXPONENT) + (uint32_t)ahead) << US_PER_OSTICK_EXPONENT;
	return 0;
}

u1_t lmic_hal_checkTimer(u4_t time)
{
	if ((s4_t)(time - lmic_hal_ticks()) <= 0) return 1;
	engineNext(time);
	return 0;
}

s1_t lmic_hal_getRssiCal(void)
{
	return 0;
}

ostime_t lmic_hal_setModuleActive(bit_t active)
{
	(void)active;
	return 0;
}

bit_t lmic_hal_queryUsingTcxo(void)
{
	return 0;
}

bit_t lmic_hal_radio_spi_is_busy(void)
{
	uint8_t isBusy;
	start(BUSY);
	add(&gMicros, 8);
	give();
	answer(&isBusy, 1);
	gMicros += isBusy ? MICROS_PER_LOOK : MICROS_PER_BYTE;
	return isBusy;
}

/* As the boards with an SX1262 are: a converter, a switch for the antenna at DIO2, an oscillator at DIO3. */
bit_t lmic_hal_queryUsingDcdc(void)
{
	return 1;
}

bit_t lmic_hal_queryUsingDIO2AsRfSwitch(void)
{
	return 1;
}

bit_t lmic_hal_queryUsingDIO3AsTCXOSwitch(void)
{
	return 1;
}

uint8_t lmic_hal_getTxPowerPolicy(u1_t policy, s1_t power, u4_t frequency)
{
	(void)policy;
	(void)power;
	(void)frequency;
	return LMICHAL_radio_tx_power_policy_paboost;
}

/* The engine's ------------------------------------------------------------------------------------------------------- */

void engineTell(const uint8_t *message, size_t length)
{
	start(TELL);
	add(message, length);
	give();
}

void engineSilence(void)
{
	lmic_hal_pin_rst(0);
}

int main(void)
{
	static uint8_t frame[FRAME_MAX];
	for (;;) {
		size_t length = takeFrame(frame);
		if (length < 9 || (frame[0] != RUN && frame[0] != MESSAGE)) return 2;
		uint64_t now = number(frame + 1, 8);
		if (now > gMicros) gMicros = now;
		if (frame[0] == MESSAGE)
			engineTold(frame + 9, length - 9);
		else
			for (size_t at = 9; at + 9 <= length; at += 9)
				if (frame[at] < DIO_LINES) gInterrupts[frame[at]] = number(frame + at + 1, 8);
		uint32_t wait = engineRun();
		start(DONE);
		add(&wait, 4);
		give();
	}
}
