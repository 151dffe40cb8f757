/*
 * LMIC's software secure element declares setters of the session keys and has none, so that no kept session could go on. Here
 * they are, beside the keys, which are static in that file; and the pin map that os_init() names and os_init_ex() does not.
 */
#include "../se/drivers/default/lmic_se_default.c"

struct lmic_pinmap {
	u1_t none;
};
extern const struct lmic_pinmap lmic_pins;
const struct lmic_pinmap lmic_pins = { 0 };

LMIC_SecureElement_Error_t LMIC_SecureElement_Default_setNwkSKey(const LMIC_SecureElement_Aes128Key_t *key,
	LMIC_SecureElement_KeySelector_t selector)
{
	if (selector != LMIC_SecureElement_KeySelector_Unicast) return LMIC_SecureElement_Error_InvalidParameter;
	s_nwkSKey = *key;
	return LMIC_SecureElement_Error_OK;
}

LMIC_SecureElement_Error_t LMIC_SecureElement_Default_setAppSKey(const LMIC_SecureElement_Aes128Key_t *key,
	LMIC_SecureElement_KeySelector_t selector)
{
	if (selector != LMIC_SecureElement_KeySelector_Unicast) return LMIC_SecureElement_Error_InvalidParameter;
	s_appSKey = *key;
	return LMIC_SecureElement_Error_OK;
}
