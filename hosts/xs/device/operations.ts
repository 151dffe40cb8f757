/** What the device asks of the world, and what the world tells it: the numbers in the frames. */

export const Operation = Object.freeze({
	BOOT: 1,
	TICKS: 2,
	TIME: 3,
	ALARM_SET: 4,
	ALARM_CLEAR: 5,
	RETAINED: 6,
	SLEEP: 7,
	RESTART: 8,
	RANDOM: 9,
	LOG: 10,
	STORE_READ: 11,
	STORE_WRITE: 12,
	STORE_DELETE: 13,
	FLASH_READ: 14,
	FLASH_WRITE: 15,
	FLASH_ERASE: 16,
	FLASH_CLOSE: 17,
	SENSOR_SAMPLE: 18,
	SENSOR_CLOSE: 19,
	LINK_STATE: 20,
	LINK_RSSI: 21,
	LINK_OPEN: 22,
	LINK_CLOSE: 23,
	LINK_RECALL: 60,
	LINK_KEEP: 61,
	MQTT_OPEN: 24,
	MQTT_READ: 25,
	MQTT_WRITE: 26,
	MQTT_CLOSE: 27,
	HTTP_OPEN: 28,
	HTTP_REQUEST: 29,
	HTTP_READ: 30,
	HTTP_WRITE: 31,
	HTTP_CLOSE: 32,
	WEBSOCKET_OPEN: 33,
	WEBSOCKET_READ: 34,
	WEBSOCKET_WRITE: 35,
	WEBSOCKET_CLOSE: 36,
	SENSOR_LIVE: 37,
	BUS_OPEN: 40,
	BUS_CLOSE: 41,
	BUS_WRITE: 42,
	BUS_READ: 43,
	SERIAL_OPEN: 44,
	SERIAL_READ: 45,
	SERIAL_CLOSE: 46,
	LOG_LEVEL: 62,
} as const);

/** To whom an event goes: these two, or the handle of an alarm or a client. */
export const Handle = Object.freeze({ DEVICE: 0, LINK: 1, FIRST: 2 } as const);

/** To the device as a whole; what it answers is text (see start.ts). */
export const Call = Object.freeze({ BOOT: 0, START: 1, STOP_SAMPLING: 2, REPORT: 3, CLOSE: 4 } as const);

/** To a client. */
export const MqttEvent = Object.freeze({ READABLE: 0, WRITABLE: 1, CONTROL: 2, ERROR: 3, CLOSED: 4 } as const);

/** To a WebSocket client. An error has a code and words; a refusal, with what the server said, and how long it asks to wait. */
export const WebSocketEvent = Object.freeze({
	READABLE: 0,
	WRITABLE: 1,
	CONTROL: 2,
	ERROR: 3,
	REFUSED: 4,
	CLOSED: 5,
} as const);

/** To an HTTP client. */
export const HttpEvent = Object.freeze({ HEADERS: 0, READABLE: 1, WRITABLE: 2, DONE: 3, ERROR: 4 } as const);

/** The quantities of a sample in the order in which they come. */
export const QUANTITIES = Object.freeze([
	'temperatureCelsius',
	'humidityPercent',
	'heartRateBpm',
	'spo2Percent',
	'batteryPercent',
	'latitudeDegrees',
	'longitudeDegrees',
] as const);
