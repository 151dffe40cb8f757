import { Fault } from '../fault';
import type { Tokens } from '../ports';
import { dateOf, retryAfterOf } from '../text/retry-after';
import type { Answer } from './answer';
import type { Letter } from './letter';
import { faultOf, isRefusal, UNAUTHORISED } from './statuses';
import { Said } from './verdict';

export type Judgement =
	/** The server did what it was asked. */
	| { readonly kind: 'taken'; readonly said: Said }
	/** It will never do it. */
	| { readonly kind: 'refused'; readonly fault: Fault }
	/** A new token may help. */
	| { readonly kind: 'again' }
	/** It did not, and may later. */
	| { readonly kind: 'failed'; readonly fault: Fault; readonly retryAfter?: number | undefined };

/** What an answer means for the message. `now`: epoch milliseconds, if known. */
export function judge(letter: Letter, answer: Answer, tokens: Tokens, now: number | undefined): Judgement {
	const { status, body } = answer;
	const said = new Said(body);
	if (answer.isSuccess) {
		// Anybody on the way, a captive portal first of all, can say 200.
		if (!said.isSuccess) {
			const fault = new Fault('protocol', 'an answer of status 2xx that does not say success: no receipt');
			return { kind: 'failed', fault };
		}
		tokens.accepted();
		return { kind: 'taken', said };
	}
	if (status === UNAUTHORISED && tokens.rejected()) return { kind: 'again' };
	const fault = faultOf(status, said.words);
	if (isRefusal(status, letter)) return { kind: 'refused', fault };
	return { kind: 'failed', fault, retryAfter: retryAfterOf(answer.retryAfter, dateOf(answer.date) ?? now) };
}
