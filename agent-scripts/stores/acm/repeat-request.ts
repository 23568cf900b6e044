import { CertferryError } from '../../../core/errors.ts';
import { deadlinePassed, errorOf, meaningOf, type Request } from './acm-errors.ts';

/** Waits this many milliseconds; rejects when the signal is aborted. Tests replace it. */
export type Sleep = (milliseconds: number, signal: AbortSignal) => Promise<unknown>;

/** Maximum milliseconds before each repetition: 26 s in all. ACM allows one import per second in an account. */
const maximumWaits = [250, 500, 1000, 2000, 4000, 8000, 10_000] as const;

/** Milliseconds that ACM has for one answer. */
const answerMilliseconds = 20_000;

export interface Repetition {
  readonly request: Request;
  /** Aborted at the deadline of the step. */
  readonly deadline: AbortSignal;
  readonly sleep: Sleep;
  /** Whether an answer that was lost ends the repetition, because the request must not be performed twice. */
  readonly once?: boolean;
}

/** A lost answer: the request may have been performed. `error` is the reason. */
export class UnclearRequest extends Error {
  readonly error: CertferryError;

  constructor(error: CertferryError) {
    super(error.message, { cause: error });
    this.error = error;
  }
}

/**
 * Sends a request, and again while ACM is busy or after a lost answer.
 * @throws CertferryError at the deadline, for a refusal, or after the last repetition; UnclearRequest with `once`
 */
export async function repeatRequest<Result>(
  send: (signal: AbortSignal) => Promise<Result>,
  repetition: Repetition,
): Promise<Result> {
  for (const wait of [...maximumWaits, null]) {
    try {
      return await sendOnce(send, repetition);
    } catch (error) {
      if (wait === null || !isRepeatable(error, repetition)) throw finalError(error, repetition);
    }
    await pause(wait * (0.5 + Math.random() / 2), repetition);
  }
  throw deadlinePassed(repetition.request);
}

async function sendOnce<Result>(
  send: (signal: AbortSignal) => Promise<Result>,
  { request, deadline }: Repetition,
): Promise<Result> {
  if (deadline.aborted) throw deadlinePassed(request);
  return await send(AbortSignal.any([deadline, AbortSignal.timeout(answerMilliseconds)]));
}

function isRepeatable(error: unknown, { once = false, deadline }: Repetition): boolean {
  if (error instanceof CertferryError || deadline.aborted) return false;
  const meaning = meaningOf(error);
  return meaning === 'busy' || (meaning === 'unclear' && !once);
}

function finalError(error: unknown, { request, once = false, deadline }: Repetition): Error {
  if (error instanceof CertferryError) return error;
  const shown = deadline.aborted ? deadlinePassed(request) : errorOf(error, request);
  return once && !deadline.aborted && meaningOf(error) === 'unclear' ? new UnclearRequest(shown) : shown;
}

/** Waits until the deadline at most. @throws CertferryError StoreUnreachable at the deadline */
export async function pause(
  milliseconds: number,
  { request, deadline, sleep }: Pick<Repetition, 'request' | 'deadline' | 'sleep'>,
): Promise<void> {
  try {
    await sleep(milliseconds, deadline);
  } catch {
    throw deadlinePassed(request);
  }
}
