import pLimit from 'p-limit';
import { parallelHandshakes } from '../targets/probe-time.ts';

/** The result of one handshake. `fingerprint` is null if it got no certificate; `problem` is null if all is as expected. */
export interface Sample {
  readonly fingerprint: string | null;
  readonly problem: string | null;
  /** The handshake could not be made: it shows nothing about the endpoint. */
  readonly unavailable?: boolean;
}

/**
 * Makes up to `count` handshakes with one address. The first is made alone, so that an address that does not answer gets one
 * connection. The others are made in parallel.
 *
 * A server may limit the connections of a client. Handshakes without a certificate beside others with one are therefore
 * repeated one at a time, and only these count. So a listener that serves no certificate at all is found with less certainty.
 */
export async function takeSamples<Taken extends Sample>(
  count: number,
  handshake: () => Promise<Taken>,
): Promise<Taken[]> {
  const first = await handshake();
  if (first.fingerprint === null) return [first];
  const samples = [first, ...(await takeInParallel(count - 1, handshake))];
  const answered = samples.filter(({ fingerprint }) => fingerprint !== null);
  if (answered.some(({ problem }) => problem !== null)) return samples;
  return [...answered, ...(await takeOneByOne(count - answered.length, handshake))];
}

/** After a handshake without a certificate, no other one begins. */
async function takeInParallel<Taken extends Sample>(
  count: number,
  handshake: () => Promise<Taken>,
): Promise<Taken[]> {
  const limit = pLimit(parallelHandshakes);
  let isAnswered = true;
  const take = async () => {
    if (!isAnswered) return null;
    const sample = await handshake();
    isAnswered &&= sample.fingerprint !== null;
    return sample;
  };
  const samples = await Promise.all(Array.from({ length: count }, () => limit(take)));
  return samples.flatMap((sample) => sample ?? []);
}

async function takeOneByOne<Taken extends Sample>(
  count: number,
  handshake: () => Promise<Taken>,
): Promise<Taken[]> {
  const samples: Taken[] = [];
  while (samples.length < count && samples.at(-1)?.fingerprint !== null) samples.push(await handshake());
  return samples;
}

/** Problems that the text of a mixed result names; the most frequent come first. */
const namedProblems = 2;

/**
 * The result of all samples of an address: without a problem only if no sample has one. `fingerprint` is the expected one if
 * any sample got it: then the address does reach the daemon, and `problem` names the share of the others. Unavailable if the
 * only problem is that handshakes could not be made.
 */
export function summarizeSamples(samples: readonly Sample[]): Sample {
  const failed = samples.filter(({ problem }) => problem !== null);
  const expected = samples.find(({ problem }) => problem === null);
  const answered = expected ?? failed.find(({ fingerprint }) => fingerprint !== null);
  const unavailable = failed.length > 0 && failed.every((sample) => sample.unavailable === true);
  return { fingerprint: answered?.fingerprint ?? null, problem: problemOf(samples, failed), unavailable };
}

function problemOf(samples: readonly Sample[], failed: readonly Sample[]): string | null {
  const counts = new Map<string, number>();
  for (const { problem } of failed) counts.set(problem ?? '', (counts.get(problem ?? '') ?? 0) + 1);
  const [only, ...others] = [...counts].sort(([, one], [, other]) => other - one);
  if (only === undefined) return null;
  if (only[1] === samples.length) return only[0];
  const shares = [only, ...others]
    .slice(0, namedProblems)
    .map(([problem, count]) => `${count} of ${samples.length} handshakes: ${problem}`);
  return [...shares, ...(servesSeveral(samples) ? [severalListeners] : [])].join('; ');
}

const severalListeners = 'more than one process or server answers at this address';

function servesSeveral(samples: readonly Sample[]): boolean {
  const served = samples.flatMap(({ fingerprint }) => fingerprint ?? []);
  return new Set(served).size > 1;
}
