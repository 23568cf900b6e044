import { describe, expect, test } from 'vitest';
import { type Sample, summarizeSamples, takeSamples } from '../../../core/tls-probe/sample.ts';

const served = { fingerprint: 'sha256:new', problem: null };
const previous = { fingerprint: 'sha256:old', problem: 'serves sha256:old, not sha256:new' };
const refused = { fingerprint: null, problem: 'connection refused' };

/** Handshakes with the given results, in turn. Each ends in a later turn of the event loop. */
function handshakes(results: readonly Sample[]) {
  let made = 0;
  let open = 0;
  let maximumOpen = 0;
  return {
    made: () => made,
    maximumOpen: () => maximumOpen,
    async next(): Promise<Sample> {
      const result = results[made];
      made += 1;
      open += 1;
      maximumOpen = Math.max(maximumOpen, open);
      await new Promise((resolve) => setImmediate(resolve));
      open -= 1;
      if (result === undefined) throw new Error('one handshake too many');
      return result;
    },
  };
}

/** The results of `count` handshakes, of which those at `positions` differ. */
function withAt(count: number, result: Sample, ...positions: number[]): Sample[] {
  return Array.from({ length: count }, (_, at) => (positions.includes(at) ? result : served));
}

async function sampled(count: number, results: readonly Sample[]) {
  const scripted = handshakes(results);
  const summary = summarizeSamples(await takeSamples(count, scripted.next));
  return { ...summary, made: scripted.made(), maximumOpen: scripted.maximumOpen() };
}

describe('samples of an address', () => {
  test('Samples of a healthy address are as many handshakes as configured, at most four at a time', async () => {
    expect(await sampled(12, withAt(12, served))).toEqual({
      ...{ ...served, unavailable: false },
      ...{ made: 12, maximumOpen: 4 },
    });
    expect(await sampled(1, [served])).toMatchObject({ ...served, made: 1, maximumOpen: 1 });
  });

  test('One wrong sample fails the address, wherever it is, and the problem names its share', async () => {
    for (let at = 0; at < 12; at += 1) {
      expect(await sampled(12, withAt(12, previous, at))).toMatchObject({
        fingerprint: served.fingerprint,
        problem:
          '1 of 12 handshakes: serves sha256:old, not sha256:new; more than one process or server answers at this address',
        made: 12,
      });
    }
  });

  test('Samples that all have the same problem report it without a share', async () => {
    expect(await sampled(12, withAt(12, previous, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11))).toMatchObject({
      ...previous,
      made: 12,
    });
  });

  test('An address that does not answer gets one connection', async () => {
    expect(await sampled(12, [refused])).toMatchObject({ ...refused, made: 1, maximumOpen: 1 });
  });

  test('A limit of connections per client does not fail the address: refused handshakes are repeated one at a time', async () => {
    // the second to fifth begin together; the two that are refused stop the parallel part
    const results = [...withAt(5, refused, 3, 4), ...withAt(9, served)];

    expect(await sampled(12, results)).toMatchObject({ ...served, made: 14 });
  });

  test('Samples fail if a refused handshake is refused again alone', async () => {
    // three others are open when the fifth is refused; the second one after that is refused again
    const results = [...withAt(5, refused, 4), ...withAt(5, refused, 4)];

    expect(await sampled(12, results)).toEqual({
      fingerprint: served.fingerprint,
      problem: '1 of 9 handshakes: connection refused',
      unavailable: false,
      made: 10,
      maximumOpen: 4,
    });
  });

  test('Samples are unavailable if handshakes could not be made, and nothing else is wrong', async () => {
    const unmade = { fingerprint: null, problem: 'no free file descriptor', unavailable: true };

    expect(await sampled(3, [unmade])).toMatchObject({ unavailable: true });
    expect(await sampled(3, [served, previous, unmade])).toMatchObject({ unavailable: false });
  });

  test('Samples with a wrong certificate are not repeated: the share names every problem', async () => {
    const results = [served, previous, previous, refused, served];

    expect(await sampled(5, results)).toMatchObject({
      fingerprint: served.fingerprint,
      problem:
        '2 of 5 handshakes: serves sha256:old, not sha256:new; 1 of 5 handshakes: connection refused; more than one process or server answers at this address',
      made: 5,
    });
  });
});
