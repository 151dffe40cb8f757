/*
 * Payload codec (LoRa Alliance TS013-1.0.0) of the devices of this repository: FORMAT.md says what lies where.
 * It is used as it stands: in The Things Stack and in ChirpStack (paste it as the JavaScript formatter or codec), and in our
 * server. ECMAScript 5, no imports.
 */

var READING_FIELDS = [
	{ name: 'temperature', bits: 14, base: -4000, least: -4000, most: 12382, scale: 100 },
	{ name: 'humidity', bits: 14, base: 0, least: 0, most: 10000, scale: 100 },
	{ name: 'heart_rate', bits: 9, base: 0, least: 1, most: 300, scale: 1 },
	{ name: 'spo2', bits: 10, base: 0, least: 1, most: 1000, scale: 10 },
	{ name: 'battery_level', bits: 7, base: 0, least: 0, most: 100, scale: 1 },
	{ name: 'latitude', bits: 25, base: -9000000, least: -9000000, most: 9000000, scale: 1e5 },
	{ name: 'longitude', bits: 26, base: -18000000, least: -18000000, most: 18000000, scale: 1e5 },
];

/** In the order of alerts' kinds and of thresholds. */
var QUANTITIES = [
	{ name: 'temperature', stem: 'temperature', scale: 100, unit: '°C', priority: 'high' },
	{ name: 'humidity', stem: 'humidity', scale: 100, unit: '%', priority: 'low' },
	{ name: 'heart_rate', stem: 'heart_rate', scale: 1, unit: 'bpm', priority: 'high' },
	{ name: 'spo2', stem: 'spo2', scale: 10, unit: '%', priority: 'high' },
	{ name: 'battery_level', stem: 'battery', scale: 1, unit: '%', priority: 'medium' },
];
var CONDITIONS = ['low', 'high', 'falling', 'rising', 'lost'];
var LANGUAGES = ['fr', 'en'];
var WORDS = {
	en: {
		temperature: 'Temperature',
		humidity: 'Humidity',
		heart_rate: 'Heart rate',
		spo2: 'Oxygen saturation',
		battery_level: 'Battery',
		low: 'at or below',
		high: 'at or above',
		falling: 'falls by',
		rising: 'rises by',
		rate: 'a minute; threshold',
		lost: ': no value any more, for readings in a row:',
		storage: 'Journal nearly full:',
		dropped: 'Journal full; readings lost so far:',
		below: 'at or below its threshold',
		above: 'at or above its threshold',
		minute: 'a minute',
		gone: ': no value any more',
	},
	fr: {
		temperature: 'Température',
		humidity: 'Humidité',
		heart_rate: 'Fréquence cardiaque',
		spo2: 'Saturation en oxygène',
		battery_level: 'Batterie',
		low: 'inférieure ou égale à',
		high: 'supérieure ou égale à',
		falling: 'baisse de',
		rising: 'augmente de',
		rate: 'par minute ; seuil',
		lost: ' : plus aucune valeur, mesures de suite :',
		storage: 'Journal presque plein :',
		dropped: 'Journal plein ; mesures perdues jusqu’ici :',
		below: 'inférieure ou égale à son seuil',
		above: 'supérieure ou égale à son seuil',
		minute: 'par minute',
		gone: ' : plus aucune valeur',
	},
};

/** By their number. */
var COMMANDS = [
	null,
	'set_interval',
	'set_thresholds',
	'set_mode',
	'send_diagnostics',
	'read_now',
	'sleep',
	'restart',
	'flush',
	'clear_alerts',
];
var STATUSES = ['done', 'refused', 'failed'];
var MODES = ['always', 'sleep'];
var THRESHOLDS = ['low', 'high', 'hysteresis', 'ratePerMinute'];
var COMMAND_PORT = 10;
var DOWNLINK_MAX = 51;
var UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** TS013: an uplink's values, by the names of the messages that other routes bring; or errors, and nothing else. */
function decodeUplink(input) {
	return attempt(function () {
		var bytes = input.bytes;
		if (input.fPort === 1) return { data: shortReading(bytes) };
		if (input.fPort === 2) return { data: wholeReading(bytes) };
		if (input.fPort === 3) return { data: bytes.length === 9 ? shortAlert(bytes) : alertOf(bytes) };
		if (input.fPort === 4) return { data: resultOf(bytes) };
		throw refusal('fPort: ' + input.fPort + ' is none of 1, 2, 3 and 4');
	});
}

/** TS013: a command, as the server's other doors send it, as the bytes of port 10. */
function encodeDownlink(input) {
	return attempt(function () {
		return { fPort: COMMAND_PORT, bytes: commandBytes(input.data) };
	});
}

/** TS013: what encodeDownlink() wrote. */
function decodeDownlink(input) {
	return attempt(function () {
		if (input.fPort !== COMMAND_PORT) throw refusal('fPort: ' + input.fPort + ' is not ' + COMMAND_PORT);
		return { data: commandOf(input.bytes) };
	});
}

/** Whatever is wrong with the input is said in errors; what is wrong with this file is thrown. */
function attempt(step) {
	try {
		return step();
	} catch (thrown) {
		if (typeof thrown.refusal !== 'string') throw thrown;
		return { errors: [thrown.refusal] };
	}
}

function refusal(message) {
	return { refusal: message };
}

// Uplinks.

/** The guide's eight bytes. Its sketch gives an uptime where it knows no time. */
function shortReading(bytes) {
	mustHave(bytes, 8);
	var bits = bitReader(bytes);
	var temperature = bits(16);
	var heartRate = bits(16);
	var seconds = bits(32);
	var data = {};
	if (temperature !== 0x8000) {
		data.temperature = (temperature < 0x8000 ? temperature : temperature - 0x10000) / 100;
		if (data.temperature < -40) throw refusal('temperature: ' + data.temperature + ' is below -40');
		if (data.temperature > 125) throw refusal('temperature: ' + data.temperature + ' is above 125');
	}
	if (heartRate > 300) throw refusal('heart_rate: ' + heartRate + ' is above 300');
	if (heartRate > 0) data.heart_rate = heartRate;
	if (seconds >= 1e9) data.timestamp = seconds * 1000;
	else if (seconds <= 4294967) data.uptime = seconds;
	else throw refusal('timestamp: ' + seconds + ' is neither epoch seconds nor an uptime');
	return data;
}

function wholeReading(bytes) {
	mustHave(bytes, 27);
	var bits = bitReader(bytes);
	var name = recordName(bits, '');
	var data = { timestamp: dateOf(bits, 'reading') };
	for (var at = 0; at < READING_FIELDS.length; at++) {
		var field = READING_FIELDS[at];
		var value = bits(field.bits) + field.base;
		if (value >= field.least && value <= field.most) data[field.name] = value / field.scale;
	}
	data.reading_id = name;
	return data;
}

function alertOf(bytes) {
	mustHave(bytes, 22);
	var bits = bitReader(bytes);
	var name = recordName(bits, 'a');
	var timestamp = dateOf(bits, 'alert');
	if (bits(2) !== 0) throw refusal('alert: reserved bits are set');
	var kind = bits(8);
	var value = alertNumber(bits(24));
	var threshold = alertNumber(bits(24));
	var language = LANGUAGES[bits(8)];
	if (language === undefined) throw refusal('alert: no such language');
	var about = aboutOf(kind);
	var quantity = about.quantity;
	var condition = about.condition;
	var isQuantity = quantity !== undefined;
	if (isQuantity) {
		if (value !== undefined) value /= quantity.scale;
		if (threshold !== undefined && condition !== 'lost') threshold /= quantity.scale;
	}
	var data = {
		alert_type: about.type,
		message: isQuantity
			? alertText(language, quantity, condition, value, threshold)
			: WORDS[language][kind === 64 ? 'storage' : 'dropped'] + ' ' + value + (kind === 64 ? ' %' : ''),
		timestamp: timestamp,
		priority: about.priority,
		alert_id: name,
	};
	if (value !== undefined) data.value = value;
	if (threshold !== undefined) data.threshold = threshold;
	return data;
}

/**
 * What an alert is about, where there is no room for the whole of it: without its threshold, and named by its second, the last
 * byte of its sequence and its type. The whole one takes its place.
 */
function shortAlert(bytes) {
	var bits = bitReader(bytes);
	var language = LANGUAGES[bits(1)];
	var about = aboutOf(bits(7));
	var last = bits(8);
	var value = alertNumber(bits(24));
	var seconds = bits(32);
	if (about.quantity && value !== undefined) value /= about.quantity.scale;
	var data = {
		alert_type: about.type,
		message: shortText(language, about, value),
		timestamp: seconds * 1000,
		priority: about.priority,
		alert_id: hexadecimal(seconds) + '-s' + last + '-' + about.type,
	};
	if (value !== undefined) data.value = value;
	return data;
}

function shortText(language, about, value) {
	var words = WORDS[language];
	if (!about.quantity) return words[about.word] + ' ' + value + (about.word === 'storage' ? ' %' : '');
	var what = words[about.quantity.name];
	var size = amount(language, about.quantity, about.condition === 'falling' ? -(value || 0) : value);
	if (about.condition === 'lost') return what + words.gone;
	if (about.condition === 'low') return what + ' ' + size + ', ' + words.below;
	if (about.condition === 'high') return what + ' ' + size + ', ' + words.above;
	return what + ' ' + words[about.condition] + ' ' + size + ' ' + words.minute;
}

/** What a kind of alert is. */
function aboutOf(kind) {
	if (kind === 64) return { type: 'storage_nearly_full', priority: 'medium', word: 'storage' };
	if (kind === 65) return { type: 'readings_dropped', priority: 'high', word: 'dropped' };
	var quantity = QUANTITIES[Math.floor(kind / 8)];
	var condition = CONDITIONS[kind % 8];
	if (quantity === undefined || condition === undefined) throw refusal('alert: kind ' + kind + ' is not known');
	var priority = condition === 'lost' ? 'medium' : quantity.priority;
	return { type: quantity.stem + '_' + condition, priority: priority, quantity: quantity, condition: condition };
}

/** How a command ended; which one it was, commandReference() of its id says. */
function resultOf(bytes) {
	mustHave(bytes, 9);
	var bits = bitReader(bytes);
	var status = STATUSES[bits(8)];
	if (status === undefined) throw refusal('status: there are 0, 1 and 2');
	var data = { command_reference: hexadecimal(bits(32)), status: status };
	var seconds = bits(32);
	if (seconds > 0) data.timestamp = seconds * 1000;
	return data;
}

/** By which port 4 calls a command: the CRC-32 of its id, in 8 hexadecimal digits. */
function commandReference(id) {
	var crc = -1;
	for (var at = 0; at < id.length; at++) {
		crc ^= id.charCodeAt(at);
		for (var bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
	}
	return hexadecimal(~crc >>> 0);
}

function hexadecimal(number) {
	return ('0000000' + number.toString(16)).slice(-8);
}

function amount(language, quantity, number) {
	var digits = number === undefined ? '?' : String(number);
	return (language === 'fr' ? digits.replace('.', ',') : digits) + ' ' + quantity.unit;
}

/** As the device would have written it. */
function alertText(language, quantity, condition, value, threshold) {
	var words = WORDS[language];
	var what = words[quantity.name];
	function size(number) {
		return amount(language, quantity, number);
	}
	if (condition === 'lost') return what + words.lost + ' ' + threshold;
	if (condition === 'falling')
		return what + ' ' + words.falling + ' ' + size(-(value || 0)) + ' ' + words.rate + ' ' + size(-(threshold || 0));
	if (condition === 'rising')
		return what + ' ' + words.rising + ' ' + size(value) + ' ' + words.rate + ' ' + size(threshold);
	return what + ' ' + size(value) + ', ' + words[condition] + ' ' + size(threshold);
}

/** Journal epoch and sequence. */
function recordName(bits, kind) {
	var epoch = bits(32);
	var sequence = bits(32);
	if (sequence === 0) throw refusal('sequence: 0 is below 1');
	return hexadecimal(epoch) + '-' + kind + sequence;
}

function dateOf(bits, what) {
	if (bits(4) !== 1) throw refusal(what + ': it is not dated');
	return bits(42);
}

function alertNumber(code) {
	return code === 0xffffff ? undefined : code - 0x800000;
}

/** Gives the next 1 to 42 bits as an unsigned number, the most significant first. */
function bitReader(bytes) {
	var at = 0;
	return function (width) {
		var value = 0;
		for (var end = at + width; at < end; at++) value = value * 2 + ((bytes[at >> 3] >> (7 - (at & 7))) & 1);
		return value;
	};
}

function mustHave(bytes, length) {
	if (bytes.length !== length) throw refusal('payload: ' + bytes.length + ' bytes, not ' + length);
}

// Downlinks.

function commandBytes(data) {
	if (typeof data !== 'object' || data === null) throw refusal('data: not an object');
	var number = COMMANDS.indexOf(data.command);
	if (number < 1) throw refusal('command: there are ' + COMMANDS.slice(1).join(', '));
	var id = data.command_id;
	if (typeof id !== 'string' || !/^[A-Za-z0-9_.:-]{1,64}$/.test(id))
		throw refusal('command_id: 1 to 64 letters, digits, "-", "_", "." or ":"');
	var isUuid = UUID.test(id);
	var expires = data.expires;
	var hasExpiry = expires !== undefined && expires !== null;
	var bytes = [(number << 4) | (hasExpiry ? 2 : 0) | (isUuid ? 1 : 0)];
	if (isUuid) {
		var hexadecimal = id.split('-').join('');
		for (var at = 0; at < 32; at += 2) bytes.push(parseInt(hexadecimal.slice(at, at + 2), 16));
	} else {
		bytes.push(id.length);
		for (var letter = 0; letter < id.length; letter++) bytes.push(id.charCodeAt(letter));
	}
	// Cut to the second: never later than it was meant.
	if (hasExpiry) put(bytes, 4, whole('expires', Math.floor(expires / 1000), 0, 0xffffffff));
	putArguments(bytes, data.command, data.arguments === undefined || data.arguments === null ? {} : data.arguments);
	if (bytes.length > DOWNLINK_MAX) throw refusal('command: ' + bytes.length + ' bytes, at most ' + DOWNLINK_MAX);
	return bytes;
}

function putArguments(bytes, command, given) {
	if (typeof given !== 'object') throw refusal('arguments: not an object');
	var names = Object.keys(given);
	if (command === 'set_thresholds') return void putThresholds(bytes, given, names);
	var wanted = command === 'set_mode' ? 'mode' : command === 'set_interval' || command === 'sleep' ? 'seconds' : null;
	for (var at = 0; at < names.length; at++)
		if (names[at] !== wanted) throw refusal('arguments: ' + (wanted ? 'only ' + wanted : 'none are taken'));
	if (wanted === 'seconds') put(bytes, 3, whole('seconds', given.seconds, 1, 86400));
	if (wanted === 'mode') {
		var mode = MODES.indexOf(given.mode);
		if (mode < 0) throw refusal('mode: ' + MODES.join(' or '));
		bytes.push(mode);
	}
}

function putThresholds(bytes, given, names) {
	if (names.length === 0) throw refusal('arguments: no quantity');
	for (var at = 0; at < names.length; at++) {
		var number = 0;
		while (number < QUANTITIES.length && QUANTITIES[number].name !== names[at]) number++;
		if (number === QUANTITIES.length) throw refusal('arguments: no such quantity; there are ' + quantityNames());
		putQuantity(bytes, number, given[names[at]]);
	}
}

function putQuantity(bytes, number, limits) {
	var quantity = QUANTITIES[number];
	if (typeof limits !== 'object' || limits === null) throw refusal(quantity.name + ': not an object');
	var names = Object.keys(limits);
	for (var each = 0; each < names.length; each++)
		if (THRESHOLDS.indexOf(names[each]) < 0)
			throw refusal(quantity.name + ': no such threshold; there are ' + THRESHOLDS.join(', '));
	var head = number << 13;
	var values = [];
	for (var at = 0; at < THRESHOLDS.length; at++) {
		var limit = limits[THRESHOLDS[at]];
		if (limit === undefined) continue;
		head |= (limit === null ? 1 : 2) << (11 - 2 * at);
		if (limit === null) continue;
		var name = quantity.name + '.' + THRESHOLDS[at];
		if (typeof limit !== 'number') throw refusal(name + ': not a number');
		var scaled = Math.round(limit * quantity.scale);
		if (THRESHOLDS[at] === 'ratePerMinute') put(values, 3, whole(name, scaled, 0, 0xffffff));
		else put(values, 2, (whole(name, scaled, -0x8000, 0x7fff) + 0x10000) % 0x10000);
	}
	put(bytes, 2, head);
	for (var value = 0; value < values.length; value++) bytes.push(values[value]);
}

function commandOf(bytes) {
	if (bytes.length > DOWNLINK_MAX) throw refusal('downlink: ' + bytes.length + ' bytes, at most ' + DOWNLINK_MAX);
	var reader = { bytes: bytes, at: 0 };
	var head = take(reader, 1);
	var command = COMMANDS[head >> 4];
	if (!command) throw refusal('downlink: command ' + (head >> 4) + ' is not known');
	if (head & 12) throw refusal('downlink: reserved flags are set');
	var data = { command_id: head & 1 ? takeUuid(reader) : takeText(reader), command: command };
	var expires = head & 2 ? take(reader, 4) * 1000 : undefined;
	data.arguments = takeArguments(reader, command);
	if (expires !== undefined) data.expires = expires;
	if (reader.at < bytes.length) throw refusal('downlink: ' + (bytes.length - reader.at) + ' bytes too many');
	return data;
}

function takeArguments(reader, command) {
	if (command === 'set_interval' || command === 'sleep') return { seconds: take(reader, 3) };
	if (command === 'set_mode') {
		var mode = MODES[take(reader, 1)];
		if (mode === undefined) throw refusal('downlink: no such mode');
		return { mode: mode };
	}
	return command === 'set_thresholds' ? takeThresholds(reader) : {};
}

function takeThresholds(reader) {
	var all = {};
	do {
		var head = take(reader, 2);
		var quantity = QUANTITIES[head >> 13];
		if (quantity === undefined || head & 0x1f) throw refusal('downlink: no such quantity');
		if (all[quantity.name] !== undefined) throw refusal('downlink: ' + quantity.name + ' comes twice');
		var limits = {};
		for (var at = 0; at < THRESHOLDS.length; at++) {
			var what = (head >> (11 - 2 * at)) & 3;
			var name = THRESHOLDS[at];
			if (what === 3) throw refusal('downlink: ' + quantity.name + '.' + name + ' is neither there nor not');
			if (what === 1) limits[name] = null;
			if (what === 2) limits[name] = takeThreshold(reader, name) / quantity.scale;
		}
		all[quantity.name] = limits;
	} while (reader.at < reader.bytes.length);
	return all;
}

function takeThreshold(reader, name) {
	if (name === 'ratePerMinute') return take(reader, 3);
	var value = take(reader, 2);
	return value < 0x8000 ? value : value - 0x10000;
}

function takeUuid(reader) {
	var text = '';
	for (var at = 0; at < 16; at++) {
		if (at === 4 || at === 6 || at === 8 || at === 10) text += '-';
		text += ('0' + take(reader, 1).toString(16)).slice(-2);
	}
	return text;
}

function takeText(reader) {
	var text = '';
	for (var left = take(reader, 1); left > 0; left--) text += String.fromCharCode(take(reader, 1));
	return text;
}

function take(reader, width) {
	if (reader.at + width > reader.bytes.length) throw refusal('downlink: it ends too early');
	var value = 0;
	for (; width > 0; width--) value = value * 256 + reader.bytes[reader.at++];
	return value;
}

function put(bytes, width, value) {
	for (var shift = width - 1; shift >= 0; shift--) bytes.push(Math.floor(value / Math.pow(256, shift)) % 256);
}

function whole(name, value, least, most) {
	if (typeof value !== 'number' || Math.floor(value) !== value) throw refusal(name + ': not a whole number');
	if (value < least) throw refusal(name + ': ' + value + ' is below ' + least);
	if (value > most) throw refusal(name + ': ' + value + ' is above ' + most);
	return value;
}

function quantityNames() {
	var names = [];
	for (var at = 0; at < QUANTITIES.length; at++) names.push(QUANTITIES[at].name);
	return names.join(', ');
}
