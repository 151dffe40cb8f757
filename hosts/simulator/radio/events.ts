import type { NetworkUplink } from './network';

/** What The Things Stack v3 posts to a webhook of an uplink. @param time epoch ms */
export function ttsEvent(uplink: NetworkUplink, time: number): object {
	const { devEui, devAddr, port, payload, counter, isConfirmed, frequency, rate, reception } = uplink;
	const received_at = new Date(time).toISOString();
	return {
		end_device_ids: {
			device_id: `eui-${devEui}`,
			application_ids: { application_id: 'fajma' },
			dev_eui: devEui.toUpperCase(),
			dev_addr: devAddr.toUpperCase(),
		},
		received_at,
		uplink_message: {
			f_port: port,
			f_cnt: counter,
			frm_payload: payload.toString('base64'),
			rx_metadata: [{ gateway_ids: { gateway_id: 'virtual' }, rssi: reception.rssiDbm, snr: reception.snrDecibels }],
			settings: {
				data_rate: { lora: { bandwidth: rate.bandwidth, spreading_factor: rate.spreadingFactor } },
				frequency: String(frequency),
			},
			received_at,
			confirmed: isConfirmed,
		},
	};
}

/** What ChirpStack v4 posts, as its event "up". @param time epoch ms */
export function chirpstackEvent(uplink: NetworkUplink, time: number): object {
	const { devEui, devAddr, port, payload, counter, isConfirmed, frequency, dataRate, rate, reception } = uplink;
	return {
		time: new Date(time).toISOString(),
		deviceInfo: { tenantName: 'fajma', applicationName: 'fajma', deviceName: devEui, devEui },
		devAddr,
		adr: true,
		dr: dataRate,
		fCnt: counter,
		fPort: port,
		confirmed: isConfirmed,
		data: payload.toString('base64'),
		rxInfo: [{ gatewayId: '0000000000000001', rssi: reception.rssiDbm, snr: reception.snrDecibels }],
		txInfo: {
			frequency,
			modulation: { lora: { bandwidth: rate.bandwidth, spreadingFactor: rate.spreadingFactor, codeRate: 'CR_4_5' } },
		},
	};
}
