import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Fleet, openFleet } from '../../bench/fleet/fleet.ts';
import type { FleetHost } from '../../bench/fleet/fleet-hosts.ts';
import { countOf, newestFirst } from '../../bench/fleet/rollout-output.ts';
import { scratchFolder } from '../agent-scripts/disk.ts';
import { aVersion } from '../fixtures/certificates.ts';

const size = 12;
const all = <Value>(value: Value) => Array<Value>(size).fill(value);

/** Each test is a process or two that runs agents on all hosts, on a machine that may be busy. */
const patient = { timeout: 600_000 };

/** What `npm run bench:fleet` shows with 200 hosts. Each test finds all hosts with some version and the servers well. */
describe('twelve hosts, each with its own TLS server, and the command line', () => {
  let fleet: Fleet;
  let ninth: FleetHost;

  beforeAll(async () => {
    fleet = await openFleet(size, scratchFolder());
    const [host] = fleet.hosts.slice(8);
    if (host === undefined) throw new Error('there is no ninth host');
    ninth = host;
    expect(await fleet.rollout(await aVersion())).toMatchObject({ outcome: 'finished', code: 0, stderr: '' });
  }, patient.timeout);
  afterAll(() => fleet.close());

  test('Twelve hosts: a tolerated failure rolls back one host alone', patient, async () => {
    const [version, before] = [await aVersion(), await fleet.served()];
    ninth.isStuck = true;

    const run = await fleet.rollout(version, '--tolerated-failures', '1');
    ninth.isStuck = false;

    expect(run).toMatchObject({ outcome: 'finished_with_failures', code: 17 });
    expect(run.waves.map((wave) => wave.size)).toEqual([1, 1, 10]);
    expect(run.waves.at(-1)?.get(ninth.id)).toBe('rolled_back');
    expect(await fleet.served()).toEqual(all(version.fingerprint).with(8, before[8] ?? ''));
  });

  test(
    'Twelve hosts: a failure that is not tolerated rolls back everything, the newest wave first',
    patient,
    async () => {
      const [before, files] = [await fleet.served(), fleet.hosts.map((host) => host.files())];
      ninth.isStuck = true;

      const run = await fleet.rollout(await aVersion(), '--on-halt', 'rollback');
      ninth.isStuck = false;

      expect(run).toMatchObject({ outcome: 'rolled_back', code: 13 });
      expect(countOf(run.waves, 'deployed')).toBeGreaterThan(1);
      expect(countOf(run.waves, 'rolled back')).toBe(countOf(run.waves, 'deployed'));
      expect(newestFirst(run.waves)).toBe(true);
      expect(await fleet.served()).toEqual(before);
      expect(fleet.hosts.map((host) => host.files())).toEqual(files);
    },
  );

  test(
    'Twelve hosts: nothing is deployed twice when the process is killed in the last wave and another one resumes',
    patient,
    async () => {
      const version = await aVersion();

      const killed = await fleet.killed(version, 4, '--max-concurrency', '3');
      const run = await fleet.resume(killed.id, version);

      expect(killed).toMatchObject({ outcome: '(none)', code: null });
      expect(run).toMatchObject({ id: killed.id, outcome: 'finished', code: 0 });
      expect(await fleet.served()).toEqual(all(version.fingerprint));
      expect(fleet.applied(version)).toEqual(all(1));
    },
  );
});
