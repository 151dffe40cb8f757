/** wifi_err_reason_t of ESP-IDF (1 to 68 are IEEE 802.11 §9.4.1.7), in words for a log. */
const WORDS: Readonly<Record<number, string>> = Object.freeze({
	2: 'the authentication expired',
	4: 'the access point dropped a silent station',
	5: 'the access point is full',
	8: 'left',
	14: 'a message was forged or damaged (MIC)',
	15: 'wrong password, most likely (no answer in the 4-way handshake)',
	23: '802.1X refused',
	24: 'the cipher was refused',
	34: 'too many frames got lost',
	39: 'no answer in time',
	200: 'out of range (no beacons)',
	201: 'no such network in range',
	202: 'wrong password (authentication failed)',
	203: 'the access point refused the association',
	204: 'wrong password, most likely (handshake timed out)',
	205: 'the connection failed',
	208: 'the access point asked to come back later',
	210: 'its security is not supported',
	211: 'its security is below what is allowed',
	212: 'too weak a signal',
});

/** 802.11's own codes that are all one: the access point no longer knows us. */
const FORGOTTEN = Object.freeze([3, 6, 7, 9, 36, 47]);

export function reasonOf(code: number): string {
	if (FORGOTTEN.includes(code)) return `the access point let go (802.11 reason ${code})`;
	return WORDS[code] ?? `802.11 reason ${code}`;
}
