/** The estimator on XS: an event opens it or brings samples, and is answered with what it says at each second's end. */
import { Handle } from '../../../../hosts/xs/device/operations';
import { Wire } from '../../../../hosts/xs/device/wire';
import { PpgEstimator } from '../../../../modules/ppg/estimator';

start();

function start(): void {
	let estimator: PpgEstimator | undefined;
	new Wire().attachFunction((first: number | ArrayBuffer, infrared?: boolean) => {
		if (typeof first === 'number') {
			// 0 lets it go, to see what it took.
			if (first === 0) estimator = undefined;
			else estimator = new PpgEstimator({ rateHz: first, infrared: infrared !== false });
			return '';
		}
		const samples = new Float64Array(first);
		let said = '';
		for (let at = 0; at < samples.length; at += 2) {
			if (!estimator?.push(samples[at]!, samples[at + 1]!)) continue;
			const { heartRateBpm, spo2Percent, quality, reason, oxygenReason } = estimator.estimate;
			said += `${heartRateBpm} ${spo2Percent} ${quality} ${reason} ${oxygenReason}\n`;
		}
		return said;
	}, Handle.DEVICE);
}
