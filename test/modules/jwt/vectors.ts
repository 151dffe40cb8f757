/** Published vectors, run on Node and on XS. */

export interface Vector {
	readonly name: string;
	readonly message: Buffer;
	/** Hex. */
	readonly expected: string;
}

const ascii = (text: string): Buffer => Buffer.from(text, 'latin1');
const hex = (text: string): Buffer => Buffer.from(text, 'hex');

/** NIST CSRC, "Examples with Intermediate Values" for FIPS 180-4, and the byte-oriented short messages of CAVP's SHA256ShortMsg.rsp. */
export const digests: readonly Vector[] = [
	{
		name: 'no byte',
		message: ascii(''),
		expected: 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
	},
	{
		name: 'one block',
		message: ascii('abc'),
		expected: 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
	},
	{
		name: 'two blocks',
		message: ascii('abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq'),
		expected: '248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1',
	},
	{
		name: 'one byte',
		message: hex('d3'),
		expected: '28969cdfa74a12c82f3bad960b0b000aca2ac329deea5c2328ebc6f2ba9802c1',
	},
];

export interface Signature extends Vector {
	readonly key: Buffer;
}

/** RFC 4231 §4.2 to 4.8; that of §4.6 is cut to 128 bits. RFC 7515 §A.1. */
export const signatures: readonly Signature[] = [
	{
		name: 'RFC 4231, case 1',
		key: Buffer.alloc(20, 0x0b),
		message: ascii('Hi There'),
		expected: 'b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7',
	},
	{
		name: 'RFC 4231, case 2',
		key: ascii('Jefe'),
		message: ascii('what do ya want for nothing?'),
		expected: '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
	},
	{
		name: 'RFC 4231, case 3',
		key: Buffer.alloc(20, 0xaa),
		message: Buffer.alloc(50, 0xdd),
		expected: '773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe',
	},
	{
		name: 'RFC 4231, case 4',
		key: hex('0102030405060708090a0b0c0d0e0f10111213141516171819'),
		message: Buffer.alloc(50, 0xcd),
		expected: '82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b',
	},
	{
		name: 'RFC 4231, case 5',
		key: Buffer.alloc(20, 0x0c),
		message: ascii('Test With Truncation'),
		expected: 'a3b6167473100ee06e0c796c2955552b',
	},
	{
		name: 'RFC 4231, case 6',
		key: Buffer.alloc(131, 0xaa),
		message: ascii('Test Using Larger Than Block-Size Key - Hash Key First'),
		expected: '60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54',
	},
	{
		name: 'RFC 4231, case 7',
		key: Buffer.alloc(131, 0xaa),
		message: ascii(
			'This is a test using a larger than block-size key and a larger than block-size data. ' +
				'The key needs to be hashed before being used by the HMAC algorithm.',
		),
		expected: '9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2',
	},
	{
		name: 'RFC 7515, A.1',
		key: Buffer.from(
			'AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow',
			'base64url',
		),
		message: ascii(
			'eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.' +
				'eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ',
		),
		expected: Buffer.from('dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk', 'base64url').toString('hex'),
	},
];
