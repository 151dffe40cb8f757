/*
 * Mbed TLS as a machine that moves bytes: records in, records out, plaintext on the other side. It owns no socket, no
 * clock and no rule of its own: the TypeScript beside it decides what is offered, what is trusted and what a result means.
 *
 * Every function takes the handle that xs_tls_new made and positional arguments; results below zero are a Status.
 */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "xsmc.h"

#include "platform.h"

/* The same numbers as in reasons.ts. */
enum {
	STATUS_WANT_READ = -1,
	STATUS_WANT_WRITE = -2,
	STATUS_CLOSED = -3,
	STATUS_ALERT = -4,
	STATUS_CERTIFICATE = -5,
	STATUS_TICKET = -6,
	STATUS_MEMORY = -7,
	STATUS_VERSION = -8,
	STATUS_RECORD = -9,
	STATUS_UNEXPECTED = -10,
	STATUS_UNREADABLE = -11,
	STATUS_OTHER = -12
};

#define SUITES 24
#define NAME 254
#define DAY 86400000.0

typedef struct {
	TlsRandom random;
	mbedtls_ssl_context ssl;
	mbedtls_ssl_config conf;
	mbedtls_x509_crt authorities;
	mbedtls_x509_crt own;
	mbedtls_pk_context key;
	mbedtls_ssl_session session;
	int suites[SUITES + 1];
	TlsGroup groups[TLS_GROUPS + 1];

	char name[NAME];
	uint8_t address[16];
	size_t addressLength;
	double earliest, latest; /* between these two is now */
	double expiry;           /* when the first certificate of the chain ends */
	unsigned verified;       /* certificates seen by verify() */
	int offered;             /* a session to resume was given */

	int error;
	size_t inAt, inEnd, outAt, outEnd, gathered, sealed;
	uint8_t in[TLS_RECEIVE];
	uint8_t out[TLS_SEND];
	uint8_t plain[TLS_GATHER];
} Tls;

void xs_tls_destructor(void *data)
{
	Tls *tls = data;
	if (!tls) return;
	mbedtls_ssl_free(&tls->ssl);
	mbedtls_ssl_config_free(&tls->conf);
	mbedtls_ssl_session_free(&tls->session);
	mbedtls_pk_free(&tls->key);
	mbedtls_x509_crt_free(&tls->own);
	mbedtls_x509_crt_free(&tls->authorities);
	tlsRandomFree(&tls->random);
	mbedtls_platform_zeroize(tls, sizeof(*tls));
	free(tls);
}

static Tls *tlsOf(xsMachine *the)
{
	Tls *tls = xsmcGetHostDataValidate(xsArg(0), (void *)xs_tls_destructor);
	if (!tls) xsUnknownError("freed");
	return tls;
}

/* A string (with its terminating zero, as Mbed TLS wants PEM) or a buffer. Valid until XS allocates. */
static const uint8_t *bytesOf(xsMachine *the, xsSlot *slot, size_t *length)
{
	xsType type = xsmcTypeOf(*slot);
	if (type == xsStringType || type == xsStringXType) {
		const char *text = xsmcToString(*slot);
		*length = strlen(text) + 1;
		return (const uint8_t *)text;
	}
	void *data;
	xsUnsignedValue count;
	xsmcGetBufferReadable(*slot, &data, &count);
	*length = count;
	return data;
}

/* Buffers between the library and the socket ------------------------------------------------------------------------ */

static int receive(void *context, unsigned char *to, size_t length)
{
	Tls *tls = context;
	size_t count = tls->inEnd - tls->inAt;
	if (!count) return MBEDTLS_ERR_SSL_WANT_READ;
	if (count > length) count = length;
	memcpy(to, tls->in + tls->inAt, count);
	tls->inAt += count;
	return (int)count;
}

static int transmit(void *context, const unsigned char *from, size_t length)
{
	Tls *tls = context;
	if (tls->outAt) {
		memmove(tls->out, tls->out + tls->outAt, tls->outEnd - tls->outAt);
		tls->outEnd -= tls->outAt;
		tls->outAt = 0;
	}
	size_t room = TLS_SEND - tls->outEnd;
	if (!room) return MBEDTLS_ERR_SSL_WANT_WRITE;
	if (length > room) length = room;
	memcpy(tls->out + tls->outEnd, from, length);
	tls->outEnd += length;
	return (int)length;
}

/* Certificates ------------------------------------------------------------------------------------------------------ */

/* Epoch milliseconds of a UTC date (days from civil, http://howardhinnant.github.io/date_algorithms.html). */
static double milliseconds(const mbedtls_x509_time *time)
{
	int year = time->year - (time->mon <= 2);
	int era = (year >= 0 ? year : year - 399) / 400;
	int ofEra = year - era * 400;
	int ofYear = (153 * (time->mon + (time->mon > 2 ? -3 : 9)) + 2) / 5 + time->day - 1;
	double days = era * 146097.0 + ofEra * 365 + ofEra / 4 - ofEra / 100 + ofYear - 719468;
	return days * DAY + ((time->hour * 60.0 + time->min) * 60 + time->sec) * 1000;
}

static int sameText(const uint8_t *one, const char *other, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		uint8_t c = one[i];
		if (c >= 'A' && c <= 'Z') c += 'a' - 'A';
		if (c != (uint8_t)other[i]) return 0;
	}
	return 1;
}

/* RFC 9525 §6.3: the whole name, or "*." for exactly the leftmost label of a name with at least two more. */
static int nameMatches(const char *name, const uint8_t *pattern, size_t length)
{
	if (length == strlen(name) && sameText(pattern, name, length)) return 1;
	if (length < 3 || pattern[0] != '*' || pattern[1] != '.') return 0;
	const char *parent = strchr(name, '.');
	if (!parent || parent == name || !strchr(parent + 1, '.')) return 0;
	return length - 1 == strlen(parent) && sameText(pattern + 1, parent, length - 1);
}

/* RFC 9525: only the subject alternative names count, never the common name. */
static int named(const Tls *tls, const mbedtls_x509_crt *certificate)
{
	const mbedtls_x509_sequence *entry;
	for (entry = &certificate->subject_alt_names; entry; entry = entry->next) {
		int kind = entry->buf.tag & 0x1F;
		if (!entry->buf.p) continue;
		if (tls->addressLength) {
			if (kind == 7 && entry->buf.len == tls->addressLength &&
				!memcmp(entry->buf.p, tls->address, tls->addressLength))
				return 1;
		} else if (kind == 2 && nameMatches(tls->name, entry->buf.p, entry->buf.len))
			return 1;
	}
	return 0;
}

/* Mbed TLS does not know nameConstraints (2.5.29.30). Where they are critical it refuses by itself; else we do. */
static int constrained(const mbedtls_x509_crt *certificate)
{
	static const uint8_t oid[] = { 0x06, 0x03, 0x55, 0x1D, 0x1E };
	for (size_t i = 0; i + sizeof(oid) <= certificate->v3_ext.len; i++)
		if (!memcmp(certificate->v3_ext.p + i, oid, sizeof(oid))) return 1;
	return 0;
}

/* Called for each certificate of the chain, the leaf last (depth 0). Dates are held against our clock, not the system's:
   ESP-IDF's Mbed TLS may be built without one, and would then check no date at all. */
static int verify(void *context, mbedtls_x509_crt *certificate, int depth, uint32_t *flags)
{
	Tls *tls = context;
	double end = milliseconds(&certificate->valid_to);
	*flags &= ~(uint32_t)(MBEDTLS_X509_BADCERT_EXPIRED | MBEDTLS_X509_BADCERT_FUTURE);
	if (end < tls->earliest) *flags |= MBEDTLS_X509_BADCERT_EXPIRED;
	if (milliseconds(&certificate->valid_from) > tls->latest) *flags |= MBEDTLS_X509_BADCERT_FUTURE;
	if (end < tls->expiry) tls->expiry = end;
	if (depth && constrained(certificate)) *flags |= MBEDTLS_X509_BADCERT_OTHER;
	if (!depth && !named(tls, certificate)) *flags |= MBEDTLS_X509_BADCERT_CN_MISMATCH;
	tls->verified++;
	return 0;
}

static uint32_t verdict(const Tls *tls)
{
	uint32_t flags = mbedtls_ssl_get_verify_result(&tls->ssl);
	return flags == 0xFFFFFFFF ? 0 : flags;
}

/* Results ----------------------------------------------------------------------------------------------------------- */

static int statusOf(const Tls *tls, int error)
{
	if (error >= 0) return error;
	switch (error) {
	case MBEDTLS_ERR_SSL_WANT_READ:
		return STATUS_WANT_READ;
	case MBEDTLS_ERR_SSL_WANT_WRITE:
		return STATUS_WANT_WRITE;
	case MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY:
		return STATUS_CLOSED;
	case MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE:
		return STATUS_ALERT;
	case MBEDTLS_ERR_X509_CERT_VERIFY_FAILED:
		return STATUS_CERTIFICATE;
	case TLS_ERROR_CERTIFICATE:
		return verdict(tls) ? STATUS_CERTIFICATE : STATUS_UNREADABLE;
#ifdef TLS_ERROR_TICKET
	case TLS_ERROR_TICKET:
		return STATUS_TICKET;
#endif
	case MBEDTLS_ERR_SSL_ALLOC_FAILED:
		return STATUS_MEMORY;
	case TLS_ERROR_VERSION:
		return STATUS_VERSION;
	case MBEDTLS_ERR_SSL_INVALID_MAC:
	case MBEDTLS_ERR_SSL_INVALID_RECORD:
		return STATUS_RECORD;
	case MBEDTLS_ERR_SSL_UNEXPECTED_MESSAGE:
	case MBEDTLS_ERR_SSL_UNEXPECTED_RECORD:
		return STATUS_UNEXPECTED;
	}
	/* What the parsers of X.509 and keys say: a module's code in the high bits, a cause of ASN.1 in the low ones. */
	int module = -error & 0xFF80;
	if (module >= 0x2080 && module <= 0x2980) return STATUS_UNREADABLE;
	if (error <= MBEDTLS_ERR_ASN1_OUT_OF_DATA && error >= MBEDTLS_ERR_ASN1_BUF_TOO_SMALL) return STATUS_UNREADABLE;
	return STATUS_OTHER;
}

static void answer(xsMachine *the, Tls *tls, int result)
{
	if (result < 0) tls->error = result;
	xsmcSetInteger(xsResult, statusOf(tls, result));
}

/* Making one -------------------------------------------------------------------------------------------------------- */

/* () → handle, or undefined when there is no memory or no chance. */
void xs_tls_new(xsMachine *the)
{
	Tls *tls;
	xsResult = xsNewHostObject(xs_tls_destructor);
	tls = calloc(1, sizeof(*tls));
	if (tls) {
		tlsRandomInit(&tls->random);
		mbedtls_ssl_init(&tls->ssl);
		mbedtls_ssl_config_init(&tls->conf);
		mbedtls_ssl_session_init(&tls->session);
		mbedtls_x509_crt_init(&tls->authorities);
		mbedtls_x509_crt_init(&tls->own);
		mbedtls_pk_init(&tls->key);
		if (!tlsRandomSeed(&tls->random)) {
			xsmcSetHostData(xsResult, tls);
			return;
		}
		xs_tls_destructor(tls);
	}
	xsmcSetUndefined(xsResult);
}

/* (handle, PEM or DER) → status: who is trusted. */
void xs_tls_trust(xsMachine *the)
{
	Tls *tls = tlsOf(the);
	size_t length;
	const uint8_t *bytes = bytesOf(the, &xsArg(1), &length);
	int result = mbedtls_x509_crt_parse(&tls->authorities, bytes, length);
	answer(the, tls, result > 0 ? MBEDTLS_ERR_X509_INVALID_FORMAT : result);
}

/* (handle, certificate, key: PEM or DER) → status: who we are. */
void xs_tls_identify(xsMachine *the)
{
	Tls *tls = tlsOf(the);
	size_t length;
	const uint8_t *bytes = bytesOf(the, &xsArg(1), &length);
	int result = mbedtls_x509_crt_parse(&tls->own, bytes, length);
	if (result > 0) result = MBEDTLS_ERR_X509_INVALID_FORMAT;
	if (!result) {
		bytes = bytesOf(the, &xsArg(2), &length);
		result = tlsParseKey(&tls->random, &tls->key, bytes, length);
	}
	if (!result) result = tlsCheckPair(&tls->random, &tls->own.pk, &tls->key);
	answer(the, tls, result);
}

/* (handle, lower-case name, address bytes or undefined, earliest, latest): whom we want to meet, and when now is. */
void xs_tls_expect(xsMachine *the)
{
	Tls *tls = tlsOf(the);
	tls->earliest = xsmcToNumber(xsArg(3));
	tls->latest = xsmcToNumber(xsArg(4));
	tls->expiry = 8.64e15;
	xsmcToStringBuffer(xsArg(1), tls->name, NAME);
	if (xsmcTypeOf(xsArg(2)) != xsUndefinedType) {
		size_t length;
		const uint8_t *bytes = bytesOf(the, &xsArg(2), &length);
		if (length > sizeof(tls->address)) length = sizeof(tls->address);
		memcpy(tls->address, bytes, length);
		tls->addressLength = length;
	}
}

static uint16_t numberAt(const uint8_t *bytes, size_t index)
{
	return (uint16_t)(bytes[index * 2] << 8 | bytes[index * 2 + 1]);
}

static int start(Tls *tls, int minor, int fragment)
{
	int result = mbedtls_ssl_config_defaults(
		&tls->conf, MBEDTLS_SSL_IS_CLIENT, MBEDTLS_SSL_TRANSPORT_STREAM, MBEDTLS_SSL_PRESET_DEFAULT);
	if (result) return result;
	if ((result = tlsUseVersion(&tls->conf, minor))) return result;
	tlsRandomUse(&tls->random, &tls->conf);
	tlsUseGroups(&tls->conf, tls->groups);
	mbedtls_ssl_conf_ciphersuites(&tls->conf, tls->suites);
	mbedtls_ssl_conf_authmode(&tls->conf, MBEDTLS_SSL_VERIFY_REQUIRED);
	mbedtls_ssl_conf_cert_profile(&tls->conf, &mbedtls_x509_crt_profile_next);
	mbedtls_ssl_conf_ca_chain(&tls->conf, &tls->authorities, NULL);
	mbedtls_ssl_conf_verify(&tls->conf, verify, tls);
#if defined(MBEDTLS_SSL_RENEGOTIATION)
	mbedtls_ssl_conf_renegotiation(&tls->conf, MBEDTLS_SSL_RENEGOTIATION_DISABLED);
#endif
	/* RFC 5746 §4.1: a server that does not know of it is not spoken to. */
	mbedtls_ssl_conf_legacy_renegotiation(&tls->conf, MBEDTLS_SSL_LEGACY_BREAK_HANDSHAKE);
#if defined(MBEDTLS_SSL_SESSION_TICKETS)
	mbedtls_ssl_conf_session_tickets(&tls->conf, MBEDTLS_SSL_SESSION_TICKETS_ENABLED);
#endif
	if ((result = tlsUseFragment(&tls->conf, (unsigned char)fragment))) return result;
	if (tls->own.raw.len && (result = mbedtls_ssl_conf_own_cert(&tls->conf, &tls->own, &tls->key))) return result;
	if ((result = mbedtls_ssl_setup(&tls->ssl, &tls->conf))) return result;
	mbedtls_ssl_set_bio(&tls->ssl, tls, transmit, receive, NULL);
	/* RFC 6066 §3: an address is no server name. verify() compares it. */
	return mbedtls_ssl_set_hostname(&tls->ssl, tls->addressLength ? NULL : tls->name);
}

/* (handle, suites, groups: IANA's numbers in two bytes each, minor version 3 or 4, fragment code of RFC 6066) → status.
   Suites and groups that the library lacks are passed over. */
void xs_tls_start(xsMachine *the)
{
	Tls *tls = tlsOf(the);
	int minor = xsmcToInteger(xsArg(3)), fragment = xsmcToInteger(xsArg(4));
	size_t length, count = 0;
	const uint8_t *bytes = bytesOf(the, &xsArg(1), &length);
	for (size_t i = 0; i < length / 2 && count < SUITES; i++)
		tls->suites[count++] = numberAt(bytes, i);
	bytes = bytesOf(the, &xsArg(2), &length);
	count = 0;
	for (size_t i = 0; i < length / 2 && count < TLS_GROUPS; i++) {
		TlsGroup group = tlsGroup(numberAt(bytes, i));
		if (group != TLS_GROUP_END) tls->groups[count++] = group;
	}
	tls->groups[count] = TLS_GROUP_END;
	answer(the, tls, start(tls, minor, fragment));
}

/* (handle): wipes and frees now. Any later call with it throws. */
void xs_tls_free(xsMachine *the)
{
	Tls *tls = tlsOf(the);
	xsmcSetHostData(xsArg(0), NULL);
	xs_tls_destructor(tls);
}

/* Sessions ---------------------------------------------------------------------------------------------------------- */

/* (handle) → SHA-256 over whom we want to meet, whom we trust and who we are: a session is good for no other. */
void xs_tls_binding(xsMachine *the)
{
	Tls *tls = tlsOf(the);
	TlsHash hash;
	uint8_t digest[32];
	const mbedtls_x509_crt *certificate;
	tlsHashBegin(&hash);
	tlsHashAdd(&hash, tls->name, strlen(tls->name) + 1);
	for (certificate = &tls->authorities; certificate; certificate = certificate->next)
		tlsHashAdd(&hash, certificate->raw.p, certificate->raw.len);
	if (tls->own.raw.len) tlsHashAdd(&hash, tls->own.raw.p, tls->own.raw.len);
	if (tlsHashEnd(&hash, digest)) xsUnknownError("no SHA-256");
	xsmcSetArrayBuffer(xsResult, digest, sizeof(digest));
}

/* (handle, bytes) → status: offers this session. After xs_tls_start, before the first xs_tls_handshake. */
void xs_tls_resume(xsMachine *the)
{
	Tls *tls = tlsOf(the);
	size_t length;
	const uint8_t *bytes = bytesOf(the, &xsArg(1), &length);
	int result = mbedtls_ssl_session_load(&tls->session, bytes, length);
	if (!result) result = mbedtls_ssl_set_session(&tls->ssl, &tls->session);
	if (!result) tls->offered = 1;
	mbedtls_ssl_session_free(&tls->session);
	mbedtls_ssl_session_init(&tls->session);
	answer(the, tls, result);
}

/* (handle, header) → the session as it is now, after `header` bytes for the caller; undefined when there is none. */
void xs_tls_session(xsMachine *the)
{
	Tls *tls = tlsOf(the);
	size_t header = (size_t)xsmcToInteger(xsArg(1)), length = 0;
	void *data;
	xsUnsignedValue count;
	if (!mbedtls_ssl_get_session(&tls->ssl, &tls->session)) {
		mbedtls_ssl_session_save(&tls->session, NULL, 0, &length);
		if (length) {
			xsmcSetArrayBuffer(xsResult, NULL, (xsIntegerValue)(header + length));
			xsmcGetBufferWritable(xsResult, &data, &count);
			if (mbedtls_ssl_session_save(&tls->session, (uint8_t *)data + header, length, &length))
				xsmcSetUndefined(xsResult);
		}
	}
	mbedtls_ssl_session_free(&tls->session);
	mbedtls_ssl_session_init(&tls->session);
}

/* (handle) → epoch milliseconds when the first certificate of the verified chain ends. */
void xs_tls_expiry(xsMachine *the)
{
	xsmcSetNumber(xsResult, tlsOf(the)->expiry);
}

/* Running ----------------------------------------------------------------------------------------------------------- */

/* (handle) → 0: done and verified, or a status. */
void xs_tls_handshake(xsMachine *the)
{
	Tls *tls = tlsOf(the);
	int result = mbedtls_ssl_handshake(&tls->ssl);
	/* Belt and braces: the library must have shown us a chain, or have resumed what was verified once. */
	if (!result && (verdict(tls) || !(tls->verified || tls->offered) || !mbedtls_ssl_get_ciphersuite(&tls->ssl)))
		result = MBEDTLS_ERR_X509_CERT_VERIFY_FAILED;
	answer(the, tls, result);
}

/* (handle) → bytes of plaintext that can be read, 0 to try again, or a status. */
void xs_tls_peek(xsMachine *the)
{
	Tls *tls = tlsOf(the);
	uint8_t none;
	int result = mbedtls_ssl_read(&tls->ssl, &none, 0);
	answer(the, tls, result < 0 ? result : (int)mbedtls_ssl_get_bytes_avail(&tls->ssl));
}

/* (handle, undefined | count | buffer) → one byte | an ArrayBuffer | nothing. No more than xs_tls_peek said. */
void xs_tls_read(xsMachine *the)
{
	Tls *tls = tlsOf(the);
	xsType type = xsmcTypeOf(xsArg(1));
	void *data;
	xsUnsignedValue count;
	if (type == xsUndefinedType) {
		uint8_t byte = 0;
		mbedtls_ssl_read(&tls->ssl, &byte, 1);
		xsmcSetInteger(xsResult, byte);
		return;
	}
	if (type == xsReferenceType) {
		xsmcGetBufferWritable(xsArg(1), &data, &count);
	} else {
		xsmcSetArrayBuffer(xsResult, NULL, xsmcToInteger(xsArg(1)));
		xsmcGetBufferWritable(xsResult, &data, &count);
	}
	if (count) mbedtls_ssl_read(&tls->ssl, data, count);
}

/* (handle, byte | buffer): plaintext for the next record. The caller knows the room: xs_tls_sizes. */
void xs_tls_gather(xsMachine *the)
{
	Tls *tls = tlsOf(the);
	uint8_t byte;
	const uint8_t *bytes = &byte;
	size_t length = 1;
	if (xsmcTypeOf(xsArg(1)) == xsReferenceType)
		bytes = bytesOf(the, &xsArg(1), &length);
	else
		byte = (uint8_t)xsmcToInteger(xsArg(1));
	if (length > TLS_GATHER - tls->gathered) xsUnknownError("overflow");
	memcpy(tls->plain + tls->gathered, bytes, length);
	tls->gathered += length;
}

/* (handle) → 0: what was gathered is in records, or a status. After WANT_WRITE call again, and gather nothing before.
   The library is never left with a part of our record in its hands: whatever it does next would send that part, and a
   second call for the rest would then send it all again. With a record of its own in its hands (an alert) it takes the
   call for a second one: it sends that, and says that it has sent ours. */
void xs_tls_seal(xsMachine *the)
{
	Tls *tls = tlsOf(the);
	int result = 0;
	while (tls->sealed < tls->gathered) {
		size_t left = tls->gathered - tls->sealed, waiting = tls->outEnd - tls->outAt;
		int others = tls->ssl.MBEDTLS_PRIVATE(out_left) != 0;
		int extra = mbedtls_ssl_get_record_expansion(&tls->ssl);
		size_t spent = waiting + (extra < 0 ? TLS_SEND : (size_t)extra);
		size_t fits = spent < TLS_SEND ? TLS_SEND - spent : 0;
		if (!others && left > fits) {
			result = MBEDTLS_ERR_SSL_WANT_WRITE;
			if (waiting || !fits) break;
			left = fits;
		}
		result = mbedtls_ssl_write(&tls->ssl, tls->plain + tls->sealed, left);
		if (result < 0) break;
		if (!others) tls->sealed += (size_t)result;
		result = 0;
	}
	if (!result) {
		mbedtls_platform_zeroize(tls->plain, tls->gathered);
		tls->gathered = tls->sealed = 0;
	}
	answer(the, tls, result);
}

/* (handle): says goodbye, if there is room for it. */
void xs_tls_goodbye(xsMachine *the)
{
	mbedtls_ssl_close_notify(&tlsOf(the)->ssl);
}

/* The wire ---------------------------------------------------------------------------------------------------------- */

/* (handle, buffer): bytes that came. No more than TLS_RECEIVE, and only when those before were used up. */
void xs_tls_feed(xsMachine *the)
{
	Tls *tls = tlsOf(the);
	size_t length;
	const uint8_t *bytes = bytesOf(the, &xsArg(1), &length);
	if (tls->inAt != tls->inEnd || length > TLS_RECEIVE) xsUnknownError("overflow");
	memcpy(tls->in, bytes, length);
	tls->inAt = 0;
	tls->inEnd = length;
}

/* (handle) → bytes that came and were not used yet. */
void xs_tls_unused(xsMachine *the)
{
	Tls *tls = tlsOf(the);
	xsmcSetInteger(xsResult, (xsIntegerValue)(tls->inEnd - tls->inAt));
}

/* (handle, limit) → an ArrayBuffer to send, or undefined when there is nothing. */
void xs_tls_drain(xsMachine *the)
{
	Tls *tls = tlsOf(the);
	size_t limit = (size_t)xsmcToInteger(xsArg(1)), count = tls->outEnd - tls->outAt;
	if (count > limit) count = limit;
	if (!count) return;
	xsmcSetArrayBuffer(xsResult, tls->out + tls->outAt, (xsIntegerValue)count);
	tls->outAt += count;
}

/* Facts ------------------------------------------------------------------------------------------------------------- */

/* (handle, 0: verify flags | 1: alert | 2: the library's last error | 3: certificates verified | 4: bytes of TLS_RECEIVE
   | 5: bytes of TLS_GATHER) → number. */
void xs_tls_fact(xsMachine *the)
{
	Tls *tls = tlsOf(the);
	switch (xsmcToInteger(xsArg(1))) {
	case 0:
		xsmcSetInteger(xsResult, (xsIntegerValue)verdict(tls));
		break;
	case 1:
		xsmcSetInteger(xsResult, tlsAlert(&tls->ssl));
		break;
	case 2:
		xsmcSetInteger(xsResult, tls->error);
		break;
	case 3:
		xsmcSetInteger(xsResult, (xsIntegerValue)tls->verified);
		break;
	case 4:
		xsmcSetInteger(xsResult, TLS_RECEIVE);
		break;
	case 5:
		xsmcSetInteger(xsResult, TLS_GATHER);
		break;
	}
}

/* (handle, 0: version | 1: cipher suite) → the library's name for it. */
void xs_tls_label(xsMachine *the)
{
	Tls *tls = tlsOf(the);
	const char *text =
		xsmcToInteger(xsArg(1)) ? mbedtls_ssl_get_ciphersuite(&tls->ssl) : mbedtls_ssl_get_version(&tls->ssl);
	xsmcSetString(xsResult, (xsStringValue)(text ? text : ""));
}
