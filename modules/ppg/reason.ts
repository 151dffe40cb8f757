/** Why there is no heart rate, in one stable word or two: for diagnostics and for whoever holds the finger still. */
export type PpgReason =
	| 'no finger' // nothing lies on the sensor
	| 'settling' // it was put there, or found again, a few seconds ago
	| 'saturated' // the light is more than the converter can tell
	| 'weak' // no pulse stands out of the noise
	| 'motion' // something moves that is not the pulse, or might be
	| 'irregular'; // beats there are, but no rate that they agree on

/** Why there is no oxygen saturation. Without a heart rate there is none either, for the heart rate's reason. */
export type OxygenReason =
	| PpgReason
	| 'one channel' // red or infrared is missing, or comes without its constant part
	| 'swapped' // red and infrared are the other way round
	| 'out of range' // the ratio is off the part's calibration
	| 'unsteady'; // the ratio is not yet known closely enough
