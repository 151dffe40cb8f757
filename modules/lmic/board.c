/*
 * LMIC on ESP-IDF: its HAL (SPI, GPIO, time), a task of its own that nothing else touches LMIC from, and the way between that task
 * and the VM, which is messages both ways (engine.h). No rule is here.
 *
 * The task lives from the first open() to the end: it sleeps while there is nothing to do.
 */
#include <stdlib.h>
#include <string.h>

#include "xsmc.h"
#include "xsHost.h"

#include "driver/gpio.h"
#include "driver/spi_master.h"
#include "esp_attr.h"
#include "esp_rom_sys.h"
#include "esp_timer.h"
#include "freertos/FreeRTOS.h"
#include "freertos/queue.h"
#include "freertos/task.h"

#include "lmic.h"

#include "engine.h"

#define STACK_BYTES 4096
/* Above the VM's: the window after an uplink does not wait. */
#define PRIORITY 12
#define ORDERS 8
#define DIO_LINES 3
#define NONE 0xFF
#define TRANSFER_MAX 260
#define BUS_HZ 8000000
#define BUSY_MICROS 100000
/* esp_timer's least. */
#define WAIT_MIN_MICROS 50

#define SWITCHED_BY_DIO2 1
#define CLOCKED_BY_DIO3 2

typedef struct {
	uint8_t clock, out, in, select, reset, dio[DIO_LINES], busy, flags;
} Pins;

typedef struct {
	uint8_t *bytes;
	size_t length;
	uintptr_t opening;
} Order;

static Pins gPins;
static TaskHandle_t gTask;
static QueueHandle_t gOrders;
static esp_timer_handle_t gTimer;
static spi_device_handle_t gBus;
static volatile uint32_t gInterrupts[DIO_LINES];
/* Of the VM's side: messages of an earlier open() are for nobody. */
static xsMachine *gMachine;
static xsSlot gDeliver;
static uintptr_t gOpening;
/* Of the task's: whom it tells. */
static volatile uintptr_t gTelling;
static DRAM_ATTR WORD_ALIGNED_ATTR uint8_t gOut[TRANSFER_MAX];
static DRAM_ATTR WORD_ALIGNED_ATTR uint8_t gIn[TRANSFER_MAX];

/* Interrupts and time ------------------------------------------------------------------------------------------------ */

static uint32_t IRAM_ATTR ticks(void)
{
	return (uint32_t)((uint64_t)esp_timer_get_time() >> US_PER_OSTICK_EXPONENT);
}

static void IRAM_ATTR onLine(void *context)
{
	BaseType_t woken = pdFALSE;
	uintptr_t line = (uintptr_t)context;
	uint32_t now = ticks();
	if (gInterrupts[line] == 0) gInterrupts[line] = now ? now : 1;
	vTaskNotifyGiveFromISR(gTask, &woken);
	portYIELD_FROM_ISR(woken);
}

static void onTimer(void *context)
{
	(void)context;
	xTaskNotifyGive(gTask);
}

u4_t lmic_hal_ticks(void)
{
	return ticks();
}

u4_t lmic_hal_waitUntil(u4_t time)
{
	s4_t ahead = (s4_t)(time - ticks());
	if (ahead < 0) return (u4_t)-ahead;
	int64_t micros = (int64_t)ahead << US_PER_OSTICK_EXPONENT;
	TickType_t whole = (TickType_t)(micros / (portTICK_PERIOD_MS * 1000));
	if (whole > 1) vTaskDelay(whole - 1);
	ahead = (s4_t)(time - ticks());
	if (ahead > 0) esp_rom_delay_us((uint32_t)ahead << US_PER_OSTICK_EXPONENT);
	return 0;
}

u1_t lmic_hal_checkTimer(u4_t time)
{
	if ((s4_t)(time - ticks()) <= 0) return 1;
	engineNext(time);
	return 0;
}

void lmic_hal_sleep(void)
{
	engineIdle();
}

/* One task, and interrupts that write one word each: there is nothing to lock. */
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
	for (int line = 0; line < DIO_LINES; line++) {
		uint32_t at = gInterrupts[line];
		if (!at) continue;
		gInterrupts[line] = 0;
		engineInterrupt((unsigned)line, at);
	}
}

/* Pins and bus ------------------------------------------------------------------------------------------------------- */

void lmic_hal_init_ex(const void *context)
{
	(void)context;
	for (int line = 0; line < DIO_LINES; line++) gInterrupts[line] = 0;
}

void lmic_hal_pin_rxtx(u1_t value)
{
	(void)value;
}

void lmic_hal_pin_rst(u1_t value)
{
	if (value == 2) {
		gpio_set_direction(gPins.reset, GPIO_MODE_INPUT);
		return;
	}
	gpio_set_level(gPins.reset, value);
	gpio_set_direction(gPins.reset, GPIO_MODE_OUTPUT);
}

bit_t lmic_hal_radio_spi_is_busy(void)
{
	return gPins.busy != NONE && gpio_get_level(gPins.busy);
}

static void waitWhileBusy(void)
{
	uint32_t start = ticks();
	while (lmic_hal_radio_spi_is_busy())
		if (ticks() - start > (BUSY_MICROS >> US_PER_OSTICK_EXPONENT)) engineFail(FAULT_STUCK, __FILE__, __LINE__);
}

/* The select pin is ours: an SX1262 that sleeps wakes by it, and is busy then. */
static void transfer(size_t length)
{
	spi_transaction_t transaction = { .length = 8 * length, .tx_buffer = gOut, .rx_buffer = gIn };
	if (engineIsLate()) engineFail(FAULT_STUCK, __FILE__, __LINE__);
	gpio_set_level(gPins.select, 0);
	waitWhileBusy();
	esp_err_t result = spi_device_polling_transmit(gBus, &transaction);
	gpio_set_level(gPins.select, 1);
	if (result != ESP_OK) engineFail(FAULT_RADIO, __FILE__, __LINE__);
}

void lmic_hal_spi_write(u1_t command, const u1_t *bytes, size_t length)
{
	if (length + 1 > TRANSFER_MAX) engineFail(FAULT_ASSERTION, __FILE__, __LINE__);
	gOut[0] = command;
	if (length) memcpy(gOut + 1, bytes, length);
	transfer(length + 1);
}

void lmic_hal_spi_read(u1_t command, u1_t *bytes, size_t length)
{
	if (length + 1 > TRANSFER_MAX) engineFail(FAULT_ASSERTION, __FILE__, __LINE__);
	gOut[0] = command;
	memset(gOut + 1, 0, length);
	transfer(length + 1);
	memcpy(bytes, gIn + 1, length);
}

#if MODDEF_LMIC_RADIO == 1262
void lmic_hal_spi_read_sx126x(u1_t command, u1_t *address, size_t addressLength, u1_t *bytes, size_t length)
{
	size_t head = 1 + addressLength;
	if (head + length > TRANSFER_MAX) engineFail(FAULT_ASSERTION, __FILE__, __LINE__);
	gOut[0] = command;
	if (addressLength) memcpy(gOut + 1, address, addressLength);
	memset(gOut + head, 0, length);
	transfer(head + length);
	memcpy(bytes, gIn + head, length);
}
#endif

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

bit_t lmic_hal_queryUsingDcdc(void)
{
	return 1;
}

bit_t lmic_hal_queryUsingDIO2AsRfSwitch(void)
{
	return (gPins.flags & SWITCHED_BY_DIO2) != 0;
}

bit_t lmic_hal_queryUsingDIO3AsTCXOSwitch(void)
{
	return (gPins.flags & CLOCKED_BY_DIO3) != 0;
}

/* On all these modules the antenna is at PA_BOOST. */
uint8_t lmic_hal_getTxPowerPolicy(u1_t policy, s1_t power, u4_t frequency)
{
	(void)policy;
	(void)power;
	(void)frequency;
	return LMICHAL_radio_tx_power_policy_paboost;
}

static esp_err_t prepareLine(int line)
{
	uint8_t pin = gPins.dio[line];
	if (pin == NONE) return ESP_OK;
	esp_err_t result = gpio_set_direction(pin, GPIO_MODE_INPUT);
	if (result == ESP_OK) result = gpio_set_intr_type(pin, GPIO_INTR_POSEDGE);
	if (result == ESP_OK) result = gpio_isr_handler_add(pin, onLine, (void *)(uintptr_t)line);
	return result;
}

static esp_err_t prepare(void)
{
	const spi_bus_config_t bus = {
		.mosi_io_num = gPins.out,
		.miso_io_num = gPins.in,
		.sclk_io_num = gPins.clock,
		.quadwp_io_num = -1,
		.quadhd_io_num = -1,
		.max_transfer_sz = TRANSFER_MAX
	};
	const spi_device_interface_config_t device = { .clock_speed_hz = BUS_HZ, .spics_io_num = -1, .queue_size = 1 };
	esp_err_t result = gpio_set_level(gPins.select, 1);
	if (result == ESP_OK) result = gpio_set_direction(gPins.select, GPIO_MODE_OUTPUT);
	if (result == ESP_OK && gPins.busy != NONE) result = gpio_set_direction(gPins.busy, GPIO_MODE_INPUT);
	if (result == ESP_OK) result = spi_bus_initialize(SPI2_HOST, &bus, SPI_DMA_CH_AUTO);
	if (result == ESP_OK) result = spi_bus_add_device(SPI2_HOST, &device, &gBus);
	if (result == ESP_OK) {
		/* The SDK may have it already. */
		result = gpio_install_isr_service(0);
		if (result == ESP_ERR_INVALID_STATE) result = ESP_OK;
	}
	return result;
}

/* The task ----------------------------------------------------------------------------------------------------------- */

static void obeyAll(void)
{
	Order order;
	while (xQueueReceive(gOrders, &order, 0) == pdTRUE) {
		gTelling = order.opening;
		engineTold(order.bytes, order.length);
		free(order.bytes);
	}
}

static void run(void *context)
{
	(void)context;
	for (;;) {
		obeyAll();
		uint32_t wait = engineRun();
		if (wait >= WAIT_MIN_MICROS)
			(void)esp_timer_start_once(gTimer, wait);
		else
			xTaskNotifyGive(gTask);
		(void)ulTaskNotifyTake(pdTRUE, portMAX_DELAY);
		(void)esp_timer_stop(gTimer);
	}
}

static esp_err_t startTask(void)
{
	const esp_timer_create_args_t timer = { .callback = onTimer, .name = "lmic" };
	esp_err_t result = prepare();
	if (result != ESP_OK) return result;
	result = esp_timer_create(&timer, &gTimer);
	if (result != ESP_OK) return result;
	gOrders = xQueueCreate(ORDERS, sizeof(Order));
	if (!gOrders || xTaskCreate(run, "lmic", STACK_BYTES, NULL, PRIORITY, &gTask) != pdPASS) return ESP_ERR_NO_MEM;
	for (int line = 0; line < DIO_LINES && result == ESP_OK; line++) result = prepareLine(line);
	return result;
}

void engineSilence(void)
{
	lmic_hal_pin_rst(0);
}

/* Messages to the VM -------------------------------------------------------------------------------------------------- */

static void deliver(void *machine, void *opening, uint8_t *message, uint16_t length)
{
	xsMachine *the = machine;
	if (the != gMachine || (uintptr_t)opening != gOpening) return;
	xsBeginHost(the);
	xsmcVars(1);
	xsmcSetArrayBuffer(xsVar(0), message, length);
	(void)xsCallFunction1(gDeliver, xsUndefined, xsVar(0));
	xsEndHost(the);
}

void engineTell(const uint8_t *message, size_t length)
{
	xsMachine *machine = gMachine;
	if (machine) (void)modMessagePostToMachine(machine, (uint8_t *)message, (uint16_t)length, deliver, (void *)gTelling);
}

/* What JavaScript calls ----------------------------------------------------------------------------------------------- */

void xs_lmic_region(xsMachine *the)
{
	xsmcSetInteger(xsResult, CFG_region);
}

/* Pins as pins.ts writes them, and what takes messages. */
void xs_lmic_open(xsMachine *the)
{
	void *bytes;
	xsUnsignedValue length;
	esp_err_t result = ESP_ERR_INVALID_ARG;
	xsmcGetBufferReadable(xsArg(0), &bytes, &length);
	if (length == sizeof(gPins) && !gMachine && (!gTask || memcmp(bytes, &gPins, sizeof(gPins)) == 0)) {
		memcpy(&gPins, bytes, sizeof(gPins));
		result = gTask ? ESP_OK : startTask();
	}
	if (result == ESP_OK) {
		gDeliver = xsArg(1);
		xsRemember(gDeliver);
		gOpening++;
		gMachine = the;
	}
	xsmcSetInteger(xsResult, result);
}

void xs_lmic_tell(xsMachine *the)
{
	void *bytes;
	xsUnsignedValue length;
	Order order = { NULL, 0, gOpening };
	int taken = 0;
	xsmcGetBufferReadable(xsArg(0), &bytes, &length);
	if (gTask && length) order.bytes = malloc(length);
	if (order.bytes) {
		memcpy(order.bytes, bytes, length);
		order.length = length;
		taken = xQueueSend(gOrders, &order, 0) == pdTRUE;
		if (taken)
			xTaskNotifyGive(gTask);
		else
			free(order.bytes);
	}
	xsmcSetBoolean(xsResult, taken);
}

void xs_lmic_close(xsMachine *the)
{
	if (gMachine != the) return;
	gMachine = NULL;
	xsForget(gDeliver);
}
