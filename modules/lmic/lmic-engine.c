/*
 * LMIC, driven by messages (engine.h). It knows LMIC's state and nothing of the chip that it runs on, nor of the VM.
 *
 * LMIC asserts, and waits without an end for a radio that is silent. Here both end in ENGINE_FAULT: each call into LMIC is made
 * under one setjmp, which engineFail() leaves by, and a transaction that takes longer than any may is one.
 */
#include <setjmp.h>
#include <string.h>

#include "lmic.h"
#include "lmic_bandplan.h"
#include "../se/i/lmic_secure_element_api.h"

#include "engine.h"

#define HOUR_MS 3600000
#define NEVER 0xFFFFFFFFu
#define PRESUME 255
/* Milliseconds: no uplink of at most 51 bytes takes longer at SF12. */
#define LONGEST_UPLINK_MS 2800
/* From the start of an uplink to the end of its windows: 2.8 s in the air, 16 s to RX2, 3 s in it. */
#define TRANSACTION_MS 30000
/* A job that has run so long waits for a radio that does not answer. */
#define JOB_MS 3000
#define HEADER_LENGTH 13
/* MHDR, FHDR, MIC. LMIC 6.0.1 reads before the first byte of what is heard while it joins, where that is less than its MIC. */
#define FRAME_LEAST 12
#define ROOM_MAX 242
#define SESSION_VERSION 1
#define SESSION_MAX 320
#define HEAD_LENGTH 16
/* What cannot be told at once waits, so that the state that goes with it is told before. */
#define TELL_JOINED 1
#define TELL_SENT 2

#if CFG_LMIC_EU_like
#define WAITS (MAX_BANDS + 1)
#else
#define WAITS 1
#endif

static struct {
	jmp_buf trap;
	int fault;
	const char *file;
	unsigned line;
	uint8_t alive;
	uint8_t dirty;
	uint8_t later;
	uint8_t isSending;
	uint8_t acknowledged;
	uint8_t wentOut;
	uint8_t idle;
	uint8_t hasNext;
	uint8_t inTransaction;
	uint8_t adr;
	uint8_t subBand;
	uint8_t frameLength;
	/* The data rate of the last join request, and 1; 0: there was none. */
	uint8_t joinRate;
	uint16_t nonce;
	uint16_t nonceLimit;
	uint32_t counterLimit;
	ostime_t next;
	ostime_t jobStart;
	ostime_t transactionStart;
	/* Of its uplink. */
	ostime_t transactionAirtime;
	ostime_t joinTold;
	uint32_t joinSeconds;
	uint16_t sessionLength;
	uint8_t session[SESSION_MAX];
	uint8_t credentials[32];
	/* The last uplink, and the counter after it. */
	uint32_t frameCounter;
	uint8_t frame[MAX_LEN_FRAME];
} gEngine;

static uint8_t gMessage[SESSION_MAX + 1];

/* Bytes ------------------------------------------------------------------------------------------------------------- */

typedef struct {
	uint8_t *at;
} Writer;

typedef struct {
	const uint8_t *at;
	const uint8_t *end;
	int bad;
} Reader;

static void put8(Writer *writer, uint32_t value)
{
	*writer->at++ = (uint8_t)value;
}
static void put16(Writer *writer, uint32_t value)
{
	put8(writer, value);
	put8(writer, value >> 8);
}
static void put32(Writer *writer, uint32_t value)
{
	put16(writer, value);
	put16(writer, value >> 16);
}
static void putBytes(Writer *writer, const void *bytes, size_t length)
{
	memcpy(writer->at, bytes, length);
	writer->at += length;
}

static uint32_t take8(Reader *reader)
{
	if (reader->at == reader->end) {
		reader->bad = 1;
		return 0;
	}
	return *reader->at++;
}
static uint32_t take16(Reader *reader)
{
	uint32_t low = take8(reader);
	return low | take8(reader) << 8;
}
static uint32_t take32(Reader *reader)
{
	uint32_t low = take16(reader);
	return low | take16(reader) << 16;
}
static void takeBytes(Reader *reader, void *bytes, size_t length)
{
	if ((size_t)(reader->end - reader->at) < length) {
		reader->bad = 1;
		memset(bytes, 0, length);
		return;
	}
	memcpy(bytes, reader->at, length);
	reader->at += length;
}

/* Time -------------------------------------------------------------------------------------------------------------- */

/* LMIC's clock goes round in 19 hours, and a moment means something for half of that. */
static int isAhead(ostime_t moment, ostime_t now)
{
	return (ostime_t)((uint32_t)moment - (uint32_t)now) > 0;
}

static uint32_t msUntil(ostime_t moment, ostime_t now)
{
	return isAhead(moment, now) ? (uint32_t)(((uint32_t)moment - (uint32_t)now) * (uint64_t)1000 / OSTICKS_PER_SEC) + 1 : 0;
}

static ostime_t after(ostime_t now, uint64_t ms)
{
	const uint64_t most = 8ull * HOUR_MS;
	return (ostime_t)((uint32_t)now + (uint32_t)((ms < most ? ms : most) * OSTICKS_PER_SEC / 1000));
}

static ostime_t later(ostime_t one, ostime_t other)
{
	return isAhead(one, other) ? one : other;
}

#if CFG_LMIC_EU_like
/* From one uplink to the next in a band of 1/cap, so that no hour ever has more than its share: LMIC's own wait (airtime times
   cap) lets one uplink too many into an hour that begins with one. Whole rests are behind all uplinks of an hour but the last,
   which the share leaves room for, however long; and after a rest of an hour there is but one in any. */
static uint64_t restMs(ostime_t airtime, uint32_t cap)
{
	uint64_t rest;
	if (cap <= 1) return 0;
	rest = (uint64_t)osticks2ms(airtime) * HOUR_MS / (HOUR_MS / cap - LONGEST_UPLINK_MS) + 1;
	return rest < HOUR_MS ? rest : HOUR_MS;
}
#endif

/* Moments long gone would come back as moments ahead. */
static void forgetThePast(void)
{
	const ostime_t now = os_getTime();
#if CFG_LMIC_EU_like
	for (int i = 0; i < MAX_BANDS; i++)
		LMIC.bands[i].avail = later(LMIC.bands[i].avail, now);
#endif
	if (!(LMIC.opmode & (OP_TXDATA | OP_POLL | OP_JOINING | OP_TXRXPEND))) {
		LMIC.globalDutyAvail = later(LMIC.globalDutyAvail, now);
		LMIC.txend = now;
	}
}

/* What LMIC asks of us ---------------------------------------------------------------------------------------------- */

void os_getArtEui(u1_t *buffer)
{
	memcpy(buffer, gEngine.credentials, 8);
}
void os_getDevEui(u1_t *buffer)
{
	memcpy(buffer, gEngine.credentials + 8, 8);
}
void os_getDevKey(u1_t *buffer)
{
	memcpy(buffer, gEngine.credentials + 16, 16);
}

void lmic_hal_failed(const char *file, u2_t line)
{
	engineFail(FAULT_ASSERTION, file, line);
}

void engineFail(int fault, const char *file, unsigned line)
{
	gEngine.fault = fault;
	gEngine.file = file;
	gEngine.line = line;
	longjmp(gEngine.trap, 1);
}

void engineIdle(void)
{
	gEngine.idle = 1;
}

void engineNext(uint32_t ticks)
{
	gEngine.hasNext = 1;
	gEngine.next = (ostime_t)ticks;
}

void engineInterrupt(unsigned line, uint32_t ticks)
{
	radio_irq_handler_v2((u1_t)line, (ostime_t)ticks);
	if (LMIC.radio.dataLen < FRAME_LEAST) LMIC.dataLen = LMIC.radio.dataLen = 0;
}

int engineIsLate(void)
{
	return isAhead(os_getTime(), after(gEngine.jobStart, JOB_MS));
}

/* Sessions ---------------------------------------------------------------------------------------------------------- */

static uint16_t checksum(const uint8_t *bytes, size_t length)
{
	return os_crc16((xref2cu1_t)bytes, (uint)length);
}

/* What changes seldom: keys, address, windows, channels. */
static size_t writeSession(uint8_t *bytes)
{
	Writer writer = { bytes };
	uint8_t network[16], application[16];
	u4_t netid;
	devaddr_t address;
	LMIC_getSessionKeys(&netid, &address, network, application);
	put8(&writer, SESSION_VERSION);
	put8(&writer, CFG_region);
	put32(&writer, LMIC.netid);
	put32(&writer, LMIC.devaddr);
	putBytes(&writer, network, 16);
	putBytes(&writer, application, 16);
	put8(&writer, LMIC.rxDelay);
	put8(&writer, LMIC.rx1DrOffset);
	put8(&writer, LMIC.dn2Dr);
	put32(&writer, LMIC.dn2Freq);
	put8(&writer, LMIC.globalDutyRate);
	put8(&writer, LMIC.upRepeat);
#if LMIC_ENABLE_TxParamSetupReq
	put8(&writer, LMIC.txParam);
#endif
#if CFG_LMIC_EU_like
	put16(&writer, LMIC.channelMap);
	for (unsigned i = 0; i < MAX_CHANNELS; i++) {
		if (LMIC.channelFreq[i] == 0) continue;
		put8(&writer, i);
		put32(&writer, LMIC.channelFreq[i]);
		put32(&writer, LMIC.channelDlFreq[i]);
		put16(&writer, LMIC.channelDrMap[i]);
	}
	put8(&writer, 0xFF);
#else
	for (unsigned i = 0; i < sizeof(LMIC.channelMap) / sizeof(LMIC.channelMap[0]); i++)
		put16(&writer, LMIC.channelMap[i]);
#endif
	put16(&writer, checksum(bytes, (size_t)(writer.at - bytes)));
	return (size_t)(writer.at - bytes);
}

static void writeHead(Writer *writer)
{
	put32(writer, LMIC.devaddr ? LMIC.seqnoUp : 0);
	put32(writer, LMIC.devaddr ? LMIC.seqnoDn : 0);
	put16(writer, gEngine.nonce);
	put8(writer, LMIC.devaddr ? LMIC.datarate : gEngine.joinRate);
	put8(writer, (uint8_t)LMIC.adrTxPow);
	put16(writer, (uint16_t)LMIC.adrAckReq);
	put16(writer, 0);
}

static void writeWaits(Writer *writer, ostime_t now)
{
	put8(writer, WAITS);
#if CFG_LMIC_EU_like
	for (int i = 0; i < MAX_BANDS; i++)
		put32(writer, msUntil(LMIC.bands[i].avail, now));
#endif
	put32(writer, (LMIC.opmode & OP_RNDTX) || LMIC.globalDutyRate ? msUntil(LMIC.globalDutyAvail, now) : 0);
}

static void readChannels(Reader *reader)
{
#if CFG_LMIC_EU_like
	u2_t map = (u2_t)take16(reader);
	for (uint32_t i = take8(reader); i != 0xFF && !reader->bad; i = take8(reader)) {
		if (i >= MAX_CHANNELS) {
			reader->bad = 1;
			return;
		}
		LMIC.channelFreq[i] = take32(reader);
		LMIC.channelDlFreq[i] = take32(reader);
		LMIC.channelDrMap[i] = (u2_t)take16(reader);
	}
	LMIC.channelMap = map;
#else
	for (unsigned i = 0; i < sizeof(LMIC.channelMap) / sizeof(LMIC.channelMap[0]); i++) {
		u2_t map = (u2_t)take16(reader);
		for (unsigned bit = 0; bit < 16 && 16 * i + bit < 72; bit++)
			if (map >> bit & 1)
				(void)LMIC_enableChannel((u1_t)(16 * i + bit));
			else
				(void)LMIC_disableChannel((u1_t)(16 * i + bit));
	}
#endif
}

#if CFG_LMIC_EU_like
/* LMIC's joins in EU868 are in a band of 0.1 % that it has for them. Their channels lie where 1 % is allowed, and how seldom a join
   may be asked for, joinCap() says. */
static uint32_t capOf(const band_t *band)
{
	return (LMIC.opmode & OP_JOINING) && band->txcap > 100 ? 100 : band->txcap;
}

/* In a band that has a limit: as if the longest uplink had begun just now. What the kept data rate is says little: flash has it from
   many uplinks ago, and an uplink that is sent again comes down by itself. */
static void presumeTheWorst(ostime_t now)
{
	for (int i = 0; i < MAX_BANDS; i++)
		if (LMIC.bands[i].txcap) LMIC.bands[i].avail = after(now, restMs(ms2osticks(LONGEST_UPLINK_MS), LMIC.bands[i].txcap));
}
#endif

static void readWaits(Reader *reader, const uint8_t *waits, unsigned count, ostime_t now)
{
	Reader each = { waits, waits + 4 * count, 0 };
	if (count == PRESUME) {
#if CFG_LMIC_EU_like
		presumeTheWorst(now);
#endif
		return;
	}
	if (count != WAITS) {
		reader->bad = 1;
		return;
	}
#if CFG_LMIC_EU_like
	for (int i = 0; i < MAX_BANDS; i++)
		LMIC.bands[i].avail = after(now, take32(&each));
#endif
	LMIC.globalDutyAvail = after(now, take32(&each));
	LMIC.opmode |= OP_RNDTX;
}

/* Data rates -------------------------------------------------------------------------------------------------------- */

/* Of a frame at this data rate; 0: none may go. */
static unsigned frameMax(unsigned datarate)
{
	unsigned length = LMICbandplan_maxFrameLen((dr_t)datarate);
#if CFG_au915
	/* LMIC 6.0.1 has the two tables of AU915 the wrong way round: frames of 51 bytes at SF12 where 400 ms are the most. */
	static const uint8_t DWELL[] = { 0, 0, 19 + 5, 61 + 5, 133 + 5 };
	if (datarate < sizeof(DWELL) && length > DWELL[datarate]) length = DWELL[datarate];
#endif
	return length;
}

/* LMIC comes down to data rates at which nothing may go, where the dwell time is bounded, or at which the frame that it sends again
   has no room: it would not go any more, or in AU915 for too long. */
static void liftDatarate(void)
{
	int isAgain = (LMIC.opmode & OP_TXDATA) && LMIC.txCnt > 0 && LMIC.seqnoUp == gEngine.frameCounter;
	unsigned least = isAgain && gEngine.frameLength ? gEngine.frameLength : 1;
	while (frameMax(LMIC.datarate) < least && LMICbandplan_validDR((dr_t)(LMIC.datarate + 1))) LMIC.datarate++;
}

/* What the radio shall be told ------------------------------------------------------------------------------------- */

static int isBusy(void)
{
	return (LMIC.opmode & (OP_TXDATA | OP_POLL | OP_TXRXPEND | OP_JOINING)) != 0 || LMIC.devaddr == 0;
}

static uint32_t readyInMs(ostime_t now)
{
	uint32_t ready = 0;
	if (isBusy()) return NEVER;
#if CFG_LMIC_EU_like
	ready = NEVER - 1;
	for (unsigned i = 0; i < MAX_CHANNELS; i++) {
		if (!(LMIC.channelMap >> i & 1) || !(LMIC.channelDrMap[i] >> LMIC.datarate & 1)) continue;
		uint32_t wait = msUntil(LMIC.bands[LMIC.channelFreq[i] & 3].avail, now);
		if (wait < ready) ready = wait;
	}
	if (ready == NEVER - 1) ready = 0;
#endif
	if (LMIC.globalDutyRate || (LMIC.opmode & OP_RNDTX)) {
		uint32_t wait = msUntil(LMIC.globalDutyAvail, now);
		if (wait > ready) ready = wait;
	}
	return ready;
}

/* Without what LMIC itself has to say in the next uplink. */
static unsigned room(void)
{
	int bytes = (int)frameMax(LMIC.datarate) - HEADER_LENGTH;
	if (LMIC.pendMacPiggyback) bytes -= LMIC.pendMacLen;
	if (LMIC.dn2Ans) bytes -= 2;
	if (LMIC.macDlChannelAns) bytes -= 2;
	if (LMIC.macRxTimingSetupAns) bytes -= 1;
	return bytes < 0 ? 0 : bytes > ROOM_MAX ? ROOM_MAX : (unsigned)bytes;
}

static void tellSession(void)
{
	size_t length;
	if (LMIC.devaddr == 0) return;
	gMessage[0] = ENGINE_SESSION;
	length = writeSession(gMessage + 1);
	if (length == gEngine.sessionLength && memcmp(gMessage + 1, gEngine.session, length) == 0) return;
	gEngine.sessionLength = (uint16_t)length;
	memcpy(gEngine.session, gMessage + 1, length);
	engineTell(gMessage, length + 1);
}

static void tellStatus(void)
{
	const ostime_t now = os_getTime();
	Writer writer = { gMessage };
	tellSession();
	put8(&writer, ENGINE_STATUS);
	put8(&writer, LMIC.devaddr != 0);
	put8(&writer, room());
	put32(&writer, readyInMs(now));
	writeHead(&writer);
	writeWaits(&writer, now);
	engineTell(gMessage, (size_t)(writer.at - gMessage));
}

static void tellLater(void)
{
	if (gEngine.later & TELL_JOINED) {
		uint8_t joined = ENGINE_JOINED;
		gEngine.later &= (uint8_t)~TELL_JOINED;
		engineTell(&joined, 1);
	}
	/* LMIC may have something to say of its own before the next uplink can go. */
	if ((gEngine.later & TELL_SENT) && (!isBusy() || LMIC.devaddr == 0)) {
		const uint8_t sent[] = { ENGINE_SENT, gEngine.acknowledged, gEngine.wentOut };
		gEngine.later &= (uint8_t)~TELL_SENT;
		engineTell(sent, sizeof(sent));
	}
}

static void tellFault(void)
{
	Writer writer = { gMessage };
	const char *file = gEngine.file ? gEngine.file : "";
	const char *slash = strrchr(file, '/');
	size_t length;
	if (slash) file = slash + 1;
	length = strlen(file) < 64 ? strlen(file) : 64;
	put8(&writer, ENGINE_FAULT);
	put8(&writer, (uint32_t)gEngine.fault);
	put16(&writer, gEngine.line);
	putBytes(&writer, file, length);
	gEngine.alive = 0;
	engineSilence();
	engineTell(gMessage, (size_t)(writer.at - gMessage));
}

static void tellDownlink(void)
{
	Writer writer = { gMessage };
	int hasPort = (LMIC.txrxFlags & TXRX_PORT) != 0;
	u1_t port = hasPort ? LMIC.frame[LMIC.dataBeg - 1] : 0;
	if (!(LMIC.txrxFlags & (TXRX_DNW1 | TXRX_DNW2))) return;
	put8(&writer, port ? ENGINE_DOWNLINK : ENGINE_HEARD);
	if (port) put8(&writer, port);
	put16(&writer, (uint16_t)(LMIC.rssi - RSSI_OFF));
	put8(&writer, (uint8_t)LMIC.snr);
	if (port) putBytes(&writer, LMIC.frame + LMIC.dataBeg, LMIC.dataLen);
	engineTell(gMessage, (size_t)(writer.at - gMessage));
}

static void onTime(void *context, int success)
{
	lmic_time_reference_t reference;
	Writer writer = { gMessage };
	(void)context;
	if (!success || !LMIC_getNetworkTimeReference(&reference)) return;
	put8(&writer, ENGINE_TIME);
	put32(&writer, reference.tNetwork);
	put32(&writer, (uint32_t)osticks2ms((uint32_t)os_getTime() - (uint32_t)reference.tLocal));
	engineTell(gMessage, (size_t)(writer.at - gMessage));
}

/* What LMIC tells us ------------------------------------------------------------------------------------------------ */

/* LoRaWAN 1.0.3, 7: 1 % of the first hour, 0.1 % of the next ten, then 0.01 %. */
static uint32_t joinCap(void)
{
	if (gEngine.joinSeconds < 3600) return 100;
	return gEngine.joinSeconds < 11 * 3600 ? 1000 : 10000;
}

/* LMIC makes an uplink anew when it sends it again, and leaves out its answers and requests then: two frames with one counter.
   It goes as it went, where the data rate of now has room for it. */
static void sendTheSame(void)
{
	liftDatarate();
	if (LMIC.dndr < LMIC.datarate) {
		LMIC.dndr = LMIC.datarate;
		LMIC.rps = setCr(updr2rps((dr_t)LMIC.datarate), (cr_t)LMIC.errcr);
	}
	if (gEngine.frameLength && LMIC.seqnoUp == gEngine.frameCounter && gEngine.frameLength <= frameMax(LMIC.dndr)) {
		LMIC.dataLen = gEngine.frameLength;
		memcpy(LMIC.frame, gEngine.frame, LMIC.dataLen);
	} else {
		gEngine.frameCounter = LMIC.seqnoUp;
		gEngine.frameLength = LMIC.dataLen;
		memcpy(gEngine.frame, LMIC.frame, LMIC.dataLen);
	}
}

static void onTransmit(void)
{
	const ostime_t now = os_getTime();
	gEngine.inTransaction = 1;
	gEngine.transactionStart = now;
#if CFG_kr920
	/* LMIC 6.0.1 can listen before it talks, as Korea asks, and never turns that on. */
	LMIC.lbt_ticks = us2osticks(KR920_LBT_US);
	LMIC.lbt_dbmax = KR920_LBT_DB_MAX;
#endif
	if (LMIC.opmode & OP_JOINING) {
		gEngine.nonce = LMIC.devNonce;
		gEngine.joinRate = (uint8_t)(LMIC.dndr + 1);
		if (gEngine.nonce == 0 || (uint16_t)(gEngine.nonce - 1) >= gEngine.nonceLimit)
			engineFail(FAULT_COUNTER, __FILE__, __LINE__);
	} else if (LMIC.seqnoUp > gEngine.counterLimit)
		engineFail(FAULT_COUNTER, __FILE__, __LINE__);
	else
		sendTheSame();
	gEngine.transactionAirtime = calcAirTime(LMIC.rps, LMIC.dataLen);
	/* What LMIC 6.0.1 makes of it does not fit 32 bits at slow data rates, and in AU915 has the moment of now in it twice. */
	if (LMIC.globalDutyRate)
		LMIC.globalDutyAvail = after(now, (uint64_t)osticks2ms(gEngine.transactionAirtime) << LMIC.globalDutyRate);
#if CFG_LMIC_EU_like
	band_t *band = &LMIC.bands[LMIC.channelFreq[LMIC.txChnl] & 3];
	band->avail = after(now, restMs(gEngine.transactionAirtime, capOf(band)));
#endif
}

static void onJoinEnded(void)
{
	const ostime_t now = os_getTime();
	gEngine.inTransaction = 0;
	gEngine.joinSeconds += (uint32_t)(osticks2ms((uint32_t)now - (uint32_t)gEngine.joinTold) / 1000);
	gEngine.joinTold = now;
	/* Many that lost one network come back at different moments: up to half as long again. */
	uint64_t rest = (uint64_t)osticks2ms(gEngine.transactionAirtime) * joinCap();
	LMIC.globalDutyAvail = after(now, rest + rest * os_getRndU1() / 512);
	LMIC.opmode |= OP_RNDTX;
}

static void onJoined(void)
{
	gEngine.inTransaction = 0;
	gEngine.joinSeconds = 0;
	gEngine.frameLength = 0;
	gEngine.later |= TELL_JOINED;
	LMIC_setAdrMode(gEngine.adr);
	/* Its join request was in the band that its uplinks use, and LMIC has just made the bands anew. */
#if CFG_LMIC_EU_like
	band_t *band = &LMIC.bands[LMIC.channelFreq[LMIC.txChnl] & 3];
	band->avail = after(gEngine.transactionStart, restMs(gEngine.transactionAirtime, band->txcap));
#endif
}

static void onComplete(void)
{
	gEngine.inTransaction = 0;
	tellDownlink();
	if (!gEngine.isSending) return;
	gEngine.isSending = 0;
	gEngine.acknowledged = (LMIC.txrxFlags & TXRX_ACK) != 0;
	gEngine.wentOut = (LMIC.txrxFlags & TXRX_LENERR) == 0;
	gEngine.later |= TELL_SENT;
}

static void onLmic(void *context, ev_t event)
{
	(void)context;
	gEngine.dirty = 1;
	switch (event) {
		case EV_TXSTART: onTransmit(); break;
#if MODDEF_LMIC_RADIO == 1262
		/* LMIC 6.0.1's driver of the SX126x waits for the moment of the last reception: its windows open too early, and close before
		   anything comes; or, nine hours later, in nine hours. */
		case EV_RXSTART: LMIC.rxtime = LMIC.nextRxTime; break;
#endif
		case EV_JOIN_TXCOMPLETE: onJoinEnded(); break;
		case EV_JOINED: onJoined(); break;
		case EV_TXCOMPLETE: onComplete(); break;
		case EV_TXCANCELED:
			if (gEngine.isSending) {
				gEngine.isSending = gEngine.acknowledged = gEngine.wentOut = 0;
				gEngine.later |= TELL_SENT;
			}
			break;
		/* Counters at their end: LMIC joins anew, with a DevNonce of chance. */
		case EV_RESET: LMIC.devNonce = gEngine.nonce; break;
		default: break;
	}
}

/* What the VM tells us ---------------------------------------------------------------------------------------------- */

static void begin(Reader *reader)
{
	memset(&gEngine.alive, 0, sizeof(gEngine) - offsetof(__typeof__(gEngine), alive));
	takeBytes(reader, gEngine.credentials, sizeof(gEngine.credentials));
	gEngine.adr = (uint8_t)take8(reader);
	gEngine.subBand = (uint8_t)take8(reader);
	if (reader->bad) engineFail(FAULT_SESSION, __FILE__, __LINE__);
	memset(&LMIC, 0, sizeof(LMIC));
	gEngine.jobStart = os_getTime();
	if (!os_init_ex(NULL)) engineFail(FAULT_RADIO, __FILE__, __LINE__);
	LMIC_registerEventCb(onLmic, NULL);
	LMIC_reset();
	LMIC_setAdrMode(gEngine.adr);
	gEngine.alive = 1;
}

/* Whoever wakes for a while at a time must come to the slow data rates too, which reach farther: LMIC begins with the fastest. The
   others, of US915 and AU915, take turns at each waking. */
static void slowDownJoin(void)
{
#if CFG_LMIC_EU_like
	int next = (int)gEngine.joinRate - 2;
	if (next >= 0 && next < LMIC.datarate && frameMax((unsigned)next) > 0) LMIC.datarate = (dr_t)next;
#endif
}

static void join(Reader *reader)
{
	uint16_t nonce = (uint16_t)take16(reader);
	uint32_t held = take32(reader);
	const ostime_t now = os_getTime();
	gEngine.joinSeconds = take32(reader);
	gEngine.joinTold = now;
	gEngine.joinRate = (uint8_t)take8(reader);
	if (reader->bad) engineFail(FAULT_SESSION, __FILE__, __LINE__);
	LMIC_reset();
#if CFG_LMIC_US_like
	if (gEngine.subBand >= 1 && gEngine.subBand <= 8) (void)LMIC_selectSubBand((u1_t)(gEngine.subBand - 1));
#endif
	gEngine.nonce = LMIC.devNonce = nonce;
	(void)LMIC_startJoining();
	slowDownJoin();
#if CFG_LMIC_EU_like
	if (held == NEVER) held = (uint32_t)restMs(ms2osticks(LONGEST_UPLINK_MS), capOf(&LMIC.bands[LMIC.channelFreq[0] & 3]));
#endif
	LMIC.globalDutyAvail = after(now, held == NEVER ? 0 : held);
	LMIC.opmode |= OP_RNDTX;
	gEngine.dirty = 1;
}

static void resume(Reader *reader)
{
	const ostime_t now = os_getTime();
	uint8_t network[16], application[16];
	uint32_t up = take32(reader), down = take32(reader), nonce = take16(reader);
	uint32_t datarate = take8(reader);
	int8_t power = (int8_t)take8(reader);
	int16_t adrAckReq = (int16_t)take16(reader);
	(void)take16(reader);
	unsigned count = take8(reader);
	const uint8_t *waits = reader->at;
	if (count != PRESUME && (size_t)(reader->end - reader->at) < 4 * count) engineFail(FAULT_SESSION, __FILE__, __LINE__);
	if (count != PRESUME) reader->at += 4 * count;
	const uint8_t *tail = reader->at;
	size_t length = (size_t)(reader->end - tail);
	if (length < 4 || length > SESSION_MAX || checksum(tail, length - 2) != (uint16_t)(tail[length - 2] | tail[length - 1] << 8))
		engineFail(FAULT_SESSION, __FILE__, __LINE__);
	reader->end -= 2;
	if (take8(reader) != SESSION_VERSION || take8(reader) != CFG_region) engineFail(FAULT_SESSION, __FILE__, __LINE__);
	u4_t netid = take32(reader);
	devaddr_t address = take32(reader);
	takeBytes(reader, network, 16);
	takeBytes(reader, application, 16);
	LMIC_reset();
	LMIC_setSession(netid, address, network, application);
	(void)LMIC_SecureElement_setNwkSKey((const LMIC_SecureElement_Aes128Key_t *)network, LMIC_SecureElement_KeySelector_Unicast);
	(void)LMIC_SecureElement_setAppSKey((const LMIC_SecureElement_Aes128Key_t *)application, LMIC_SecureElement_KeySelector_Unicast);
	LMIC.rxDelay = (u1_t)take8(reader);
	LMIC.rx1DrOffset = (u1_t)take8(reader);
	LMIC.dn2Dr = (u1_t)take8(reader);
	LMIC.dn2Freq = take32(reader);
	LMIC.globalDutyRate = (u1_t)take8(reader);
	LMIC.upRepeat = (u1_t)take8(reader);
#if LMIC_ENABLE_TxParamSetupReq
	LMIC.txParam = (u1_t)take8(reader);
#endif
	readChannels(reader);
	if (LMIC.rxDelay > 15 || LMIC.rx1DrOffset > 7 || LMIC.globalDutyRate > 15 || !LMICbandplan_validDR((dr_t)LMIC.dn2Dr))
		reader->bad = 1;
	if (reader->bad || address == 0 || reader->at != reader->end || !LMICbandplan_validDR((dr_t)datarate) ||
		LMICbandplan_maxFrameLen((dr_t)datarate) == 0)
		engineFail(FAULT_SESSION, __FILE__, __LINE__);
	LMIC.seqnoUp = up;
	LMIC.seqnoDn = down;
	gEngine.nonce = LMIC.devNonce = (u2_t)nonce;
	LMIC_setDrTxpow((dr_t)datarate, power);
	LMIC.adrAckReq = adrAckReq;
	LMIC_setAdrMode(gEngine.adr);
	readWaits(reader, waits, count, now);
	if (reader->bad) engineFail(FAULT_SESSION, __FILE__, __LINE__);
	gEngine.dirty = 1;
}

static void sendUplink(Reader *reader)
{
	u1_t port = (u1_t)take8(reader);
	uint32_t flags = take8(reader);
	size_t length = (size_t)(reader->end - reader->at);
	if (reader->bad || length > ROOM_MAX) return;
	forgetThePast();
	if ((flags & 2) && length < room()) LMIC_requestNetworkTime(onTime, NULL);
	gEngine.isSending = 1;
	gEngine.dirty = 1;
	if (LMIC_setTxData2_strict(port, (xref2u1_t)(uintptr_t)reader->at, (u1_t)length, flags & 1) == LMIC_ERROR_SUCCESS) return;
	/* Too long, which onComplete() has told, or busy. */
	if (gEngine.isSending) {
		gEngine.isSending = gEngine.acknowledged = gEngine.wentOut = 0;
		gEngine.later |= TELL_SENT;
	}
}

static void obey(const uint8_t *message, size_t length)
{
	Reader reader = { message + 1, message + length, 0 };
	if (message[0] != ENGINE_BEGIN && !gEngine.alive) return;
	switch (message[0]) {
		case ENGINE_BEGIN: begin(&reader); break;
		case ENGINE_JOIN: join(&reader); break;
		case ENGINE_RESUME: resume(&reader); break;
		case ENGINE_GRANT:
			gEngine.counterLimit = take32(&reader);
			gEngine.nonceLimit = (uint16_t)take16(&reader);
			break;
		case ENGINE_SEND: sendUplink(&reader); break;
		case ENGINE_END:
			/* The radio sleeps. Held in reset it would draw milliamperes, and a device that sleeps for long would feed it. */
			gEngine.alive = 0;
			LMIC_shutdown();
			break;
		default: break;
	}
}

void engineTold(const uint8_t *message, size_t length)
{
	if (length == 0) return;
	if (setjmp(gEngine.trap)) {
		tellFault();
		return;
	}
	gEngine.jobStart = os_getTime();
	obey(message, length);
}

/* Running ----------------------------------------------------------------------------------------------------------- */

/* An uplink that goes once more waits for its band between, for as long as that takes: it is in no transaction then. */
static int isInTransaction(void)
{
	return gEngine.inTransaction && (LMIC.opmode & OP_TXRXPEND);
}

static void runJobs(void)
{
	do {
		gEngine.idle = 0;
		gEngine.hasNext = 0;
		gEngine.jobStart = os_getTime();
		os_runloop_once();
		liftDatarate();
	} while (!gEngine.idle);
	if (isInTransaction() && isAhead(os_getTime(), after(gEngine.transactionStart, TRANSACTION_MS)))
		engineFail(FAULT_STUCK, __FILE__, __LINE__);
}

static uint32_t waitMicros(void)
{
	const ostime_t now = os_getTime();
	ostime_t until = after(now, HOUR_MS);
	if (gEngine.hasNext && isAhead(until, gEngine.next)) until = gEngine.next;
	if (isInTransaction()) {
		ostime_t end = after(gEngine.transactionStart, TRANSACTION_MS + 1);
		if (isAhead(until, end)) until = end;
	}
	return isAhead(until, now) ? (uint32_t)osticks2us((ostime_t)((uint32_t)until - (uint32_t)now)) : 0;
}

uint32_t engineRun(void)
{
	if (!gEngine.alive) return HOUR_MS * 1000u;
	if (setjmp(gEngine.trap)) {
		tellFault();
		return HOUR_MS * 1000u;
	}
	runJobs();
	if (gEngine.dirty) {
		gEngine.dirty = 0;
		tellStatus();
	}
	if (gEngine.later) tellLater();
	forgetThePast();
	return waitMicros();
}
