import type { DataRate } from './region';

/** MHDR, FHDR without options, FPort, MIC (LoRaWAN 1.0.3, section 4). */
export const FRAME_OVERHEAD = 13;
const PREAMBLE = 8;
/** Of 4/5: LoRaWAN's only one. */
const CODING = 1;

/**
 * How long a frame is in the air, in milliseconds: the formula of the SX1276 (Semtech, data sheet revision 7, 4.1.1.7), with an
 * explicit header.
 * @param length bytes of the whole frame
 * @param hasCrc as uplinks have, and downlinks have not
 */
export function airtime({ spreadingFactor, bandwidth }: DataRate, length: number, hasCrc = true): number {
	const symbol = (2 ** spreadingFactor / bandwidth) * 1000;
	const optimised = symbol >= 16 ? 1 : 0;
	const bits = 8 * length - 4 * spreadingFactor + 28 + (hasCrc ? 16 : 0);
	const symbols = 8 + Math.max(0, Math.ceil(bits / (4 * (spreadingFactor - 2 * optimised))) * (CODING + 4));
	return (PREAMBLE + 4.25 + symbols) * symbol;
}
