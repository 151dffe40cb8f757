/*
 * What differs between Mbed TLS 2.28 (Debian 12), 3.x (ESP-IDF 5) and 4.x (ESP-IDF 6), and the sizes of our buffers.
 * engine.c is the same for all.
 */
#ifndef MODULES_TLS_PLATFORM_H
#define MODULES_TLS_PLATFORM_H

#if defined(__has_include)
#if !__has_include(<mbedtls/version.h>)
#error "Mbed TLS is not found. Debian: apt-get install libmbedtls-dev. macOS: brew install mbedtls@3, or MBEDTLS names its folder. Windows: INCLUDE and LIB must name its folders."
#endif
#endif

/* ESP-IDF builds the library with a configuration of its own. Without it the structures here would not be the library's. */
#if defined(ESP_PLATFORM)
#define MBEDTLS_CONFIG_FILE "mbedtls/esp_config.h"
#define TF_PSA_CRYPTO_USER_CONFIG_FILE "mbedtls/esp_config.h"
#endif
#include <mbedtls/version.h>

#if defined(_MSC_VER)
#pragma comment(lib, "mbedtls.lib")
#pragma comment(lib, "mbedx509.lib")
#pragma comment(lib, "mbedcrypto.lib")
#pragma comment(lib, "bcrypt.lib")
#endif

/* Bytes of TLS records on their way in and out, and of plaintext gathered for one record. See DESIGN.md. */
#ifndef TLS_RECEIVE
#define TLS_RECEIVE 1024
#endif
#ifndef TLS_SEND
#define TLS_SEND 1024
#endif
#ifndef TLS_GATHER
#define TLS_GATHER 2048
#endif

#if MBEDTLS_VERSION_NUMBER < 0x03000000
#include <mbedtls/config.h>
#include <mbedtls/ctr_drbg.h>
#include <mbedtls/entropy.h>
#include <mbedtls/sha256.h>
#define MBEDTLS_PRIVATE(member) member
#else
#include <psa/crypto.h>
#if MBEDTLS_VERSION_NUMBER < 0x04000000
#include <mbedtls/psa_util.h>
#endif
#endif
#include <mbedtls/platform_util.h>
#include <mbedtls/ssl.h>
#include <mbedtls/ssl_ciphersuites.h>
#include <mbedtls/x509_crt.h>

/* Chance ------------------------------------------------------------------------------------------------------------ */

#if MBEDTLS_VERSION_NUMBER < 0x03000000

typedef struct {
	mbedtls_entropy_context entropy;
	mbedtls_ctr_drbg_context drbg;
} TlsRandom;

static inline void tlsRandomInit(TlsRandom *random)
{
	mbedtls_entropy_init(&random->entropy);
	mbedtls_ctr_drbg_init(&random->drbg);
}

static inline int tlsRandomSeed(TlsRandom *random)
{
	return mbedtls_ctr_drbg_seed(&random->drbg, mbedtls_entropy_func, &random->entropy, NULL, 0);
}

static inline void tlsRandomFree(TlsRandom *random)
{
	mbedtls_ctr_drbg_free(&random->drbg);
	mbedtls_entropy_free(&random->entropy);
}

static inline void tlsRandomUse(TlsRandom *random, mbedtls_ssl_config *conf)
{
	mbedtls_ssl_conf_rng(conf, mbedtls_ctr_drbg_random, &random->drbg);
}

#else

/* PSA has one generator for all, which lives as long as the device. */
typedef struct {
	int unused;
} TlsRandom;

static inline void tlsRandomInit(TlsRandom *random)
{
	(void)random;
}

static inline int tlsRandomSeed(TlsRandom *random)
{
	(void)random;
	return (int)psa_crypto_init();
}

static inline void tlsRandomFree(TlsRandom *random)
{
	(void)random;
}

static inline void tlsRandomUse(TlsRandom *random, mbedtls_ssl_config *conf)
{
	(void)random;
#if MBEDTLS_VERSION_NUMBER < 0x04000000
	mbedtls_ssl_conf_rng(conf, mbedtls_psa_get_random, MBEDTLS_PSA_RANDOM_STATE);
#else
	(void)conf;
#endif
}

#endif

/* SHA-256 in pieces ------------------------------------------------------------------------------------------------- */

#if MBEDTLS_VERSION_NUMBER < 0x03000000

typedef mbedtls_sha256_context TlsHash;

static inline void tlsHashBegin(TlsHash *hash)
{
	mbedtls_sha256_init(hash);
	(void)mbedtls_sha256_starts_ret(hash, 0);
}

static inline void tlsHashAdd(TlsHash *hash, const void *bytes, size_t length)
{
	(void)mbedtls_sha256_update_ret(hash, bytes, length);
}

static inline int tlsHashEnd(TlsHash *hash, uint8_t digest[32])
{
	int result = mbedtls_sha256_finish_ret(hash, digest);
	mbedtls_sha256_free(hash);
	return result;
}

#else

/* An operation that failed fails in every later call: the last one tells. */
typedef psa_hash_operation_t TlsHash;

static inline void tlsHashBegin(TlsHash *hash)
{
	*hash = psa_hash_operation_init();
	(void)psa_hash_setup(hash, PSA_ALG_SHA_256);
}

static inline void tlsHashAdd(TlsHash *hash, const void *bytes, size_t length)
{
	(void)psa_hash_update(hash, bytes, length);
}

static inline int tlsHashEnd(TlsHash *hash, uint8_t digest[32])
{
	size_t length;
	int result = (int)psa_hash_finish(hash, digest, 32, &length);
	(void)psa_hash_abort(hash);
	return result;
}

#endif

/* Keys -------------------------------------------------------------------------------------------------------------- */

static inline int tlsParseKey(TlsRandom *random, mbedtls_pk_context *key, const uint8_t *bytes, size_t length)
{
	(void)random;
#if MBEDTLS_VERSION_NUMBER >= 0x03000000 && MBEDTLS_VERSION_NUMBER < 0x04000000
	return mbedtls_pk_parse_key(key, bytes, length, NULL, 0, mbedtls_psa_get_random, MBEDTLS_PSA_RANDOM_STATE);
#else
	return mbedtls_pk_parse_key(key, bytes, length, NULL, 0);
#endif
}

static inline int tlsCheckPair(TlsRandom *random, mbedtls_pk_context *open, mbedtls_pk_context *secret)
{
	(void)random;
#if MBEDTLS_VERSION_NUMBER >= 0x03000000 && MBEDTLS_VERSION_NUMBER < 0x04000000
	return mbedtls_pk_check_pair(open, secret, mbedtls_psa_get_random, MBEDTLS_PSA_RANDOM_STATE);
#else
	return mbedtls_pk_check_pair(open, secret);
#endif
}

/* Versions, groups, hashes ------------------------------------------------------------------------------------------ */

#define TLS_GROUPS 8

#if MBEDTLS_VERSION_NUMBER < 0x03000000

typedef mbedtls_ecp_group_id TlsGroup;
#define TLS_GROUP_END MBEDTLS_ECP_DP_NONE

/* IANA's number of a group (TLS Supported Groups) to the library's; TLS_GROUP_END when it has none. */
static inline TlsGroup tlsGroup(uint16_t number)
{
	const mbedtls_ecp_curve_info *curve = mbedtls_ecp_curve_info_from_tls_id(number);
	return curve ? curve->grp_id : MBEDTLS_ECP_DP_NONE;
}

/* 2.28 would still take SHA-1 in the server's key exchange. */
static inline void tlsUseGroups(mbedtls_ssl_config *conf, const TlsGroup *groups)
{
	static const int hashes[] = { MBEDTLS_MD_SHA256, MBEDTLS_MD_SHA384, MBEDTLS_MD_SHA512, MBEDTLS_MD_NONE };
	mbedtls_ssl_conf_curves(conf, groups);
	mbedtls_ssl_conf_sig_hashes(conf, hashes);
}

/* 2.28 has no TLS 1.3: the answer is then that nothing is left to speak. */
static inline int tlsUseVersion(mbedtls_ssl_config *conf, int minor)
{
	mbedtls_ssl_conf_min_version(conf, MBEDTLS_SSL_MAJOR_VERSION_3, MBEDTLS_SSL_MINOR_VERSION_3);
	return minor <= 3 ? 0 : MBEDTLS_ERR_SSL_FEATURE_UNAVAILABLE;
}

#else

typedef uint16_t TlsGroup;
#define TLS_GROUP_END 0

static inline TlsGroup tlsGroup(uint16_t number)
{
	return number;
}

static inline void tlsUseGroups(mbedtls_ssl_config *conf, const TlsGroup *groups)
{
	mbedtls_ssl_conf_groups(conf, groups);
}

static inline int tlsUseVersion(mbedtls_ssl_config *conf, int minor)
{
#if defined(MBEDTLS_SSL_PROTO_TLS1_3)
	mbedtls_ssl_conf_tls13_key_exchange_modes(conf, MBEDTLS_SSL_TLS1_3_KEY_EXCHANGE_MODE_EPHEMERAL_ALL);
/* 3.6.1 to 3.6.x: off unless asked for. */
#if defined(MBEDTLS_SSL_TLS1_3_SIGNAL_NEW_SESSION_TICKETS_ENABLED)
	mbedtls_ssl_conf_tls13_enable_signal_new_session_tickets(
		conf, MBEDTLS_SSL_TLS1_3_SIGNAL_NEW_SESSION_TICKETS_ENABLED);
#endif
	mbedtls_ssl_conf_min_tls_version(conf, minor <= 3 ? MBEDTLS_SSL_VERSION_TLS1_2 : MBEDTLS_SSL_VERSION_TLS1_3);
	return 0;
#else
	mbedtls_ssl_conf_min_tls_version(conf, MBEDTLS_SSL_VERSION_TLS1_2);
	return minor <= 3 ? 0 : MBEDTLS_ERR_SSL_FEATURE_UNAVAILABLE;
#endif
}

#endif

/* Small records: a library that also speaks TLS 1.3 would take the server's answer to this TLS 1.2 extension for an
   error there ("unsupported extension"). It asks with record_size_limit (RFC 8449) instead, by itself, if it was built so. */
static inline int tlsUseFragment(mbedtls_ssl_config *conf, unsigned char code)
{
#if defined(MBEDTLS_SSL_MAX_FRAGMENT_LENGTH) && !(MBEDTLS_VERSION_NUMBER >= 0x03000000 && defined(MBEDTLS_SSL_PROTO_TLS1_3))
	return mbedtls_ssl_conf_max_frag_len(conf, code);
#else
	(void)conf;
	(void)code;
	return 0;
#endif
}

/* Reasons that not every version has -------------------------------------------------------------------------------- */

#if MBEDTLS_VERSION_NUMBER < 0x03000000
#define TLS_ERROR_CERTIFICATE MBEDTLS_ERR_SSL_BAD_HS_CERTIFICATE
#define TLS_ERROR_VERSION MBEDTLS_ERR_SSL_BAD_HS_PROTOCOL_VERSION
#else
#define TLS_ERROR_CERTIFICATE MBEDTLS_ERR_SSL_BAD_CERTIFICATE
#define TLS_ERROR_VERSION MBEDTLS_ERR_SSL_BAD_PROTOCOL_VERSION
#endif

#if MBEDTLS_VERSION_NUMBER >= 0x03000000 && defined(MBEDTLS_SSL_PROTO_TLS1_3) && defined(MBEDTLS_SSL_SESSION_TICKETS)
#define TLS_ERROR_TICKET MBEDTLS_ERR_SSL_RECEIVED_NEW_SESSION_TICKET
#endif

/* The number of the alert that a peer sent: the library tells it nowhere else. */
static inline int tlsAlert(const mbedtls_ssl_context *ssl)
{
	return ssl->MBEDTLS_PRIVATE(in_msg) ? ssl->MBEDTLS_PRIVATE(in_msg)[1] : 0;
}

#endif
