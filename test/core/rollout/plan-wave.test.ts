import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Share, Strategy } from '../../../core/registry/strategy.ts';
import { planWave, type RolloutSituation, type RolloutTarget } from '../../../core/rollout/plan-wave.ts';
import { goalOf } from '../../../core/rollout/wave-sizes.ts';
import { installationDigest } from '../../../core/targets/installation-digest.ts';
import { Target } from '../../../core/targets/target.ts';
import type { MaintenanceWindow } from '../../../core/targets/window.ts';

const [theNew, theOld] = [`sha256:${'a'.repeat(64)}`, `sha256:${'b'.repeat(64)}`];
const now = new Date('2026-11-22T12:00:00Z');
const night: MaintenanceWindow = {
  days: ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'],
  from: '02:00',
  to: '04:00',
  timeZone: 'UTC',
};

function aTarget(number: number, overrides: Partial<RolloutTarget> & { host?: string } = {}): RolloutTarget {
  const { host = `i-${String(number).padStart(17, '0')}`, ...rest } = overrides;
  const target = Target.parse({
    id: `web-${String(number).padStart(4, '0')}`,
    certificate: 'api.example.com',
    host,
    kind: 'nginx',
    config: { certPath: '/etc/tls/fullchain.pem', keyPath: '/etc/tls/privkey.pem' },
    verify: { endpoint: '10.0.0.7:443', serverName: 'api.example.com' },
  });
  const installed = { fingerprint: theOld, notAfter: now.getTime() / 1000 + 30 * 86_400 };
  return { target, online: true, window: null, installed, ...rest };
}

type RolloutPart = Partial<RolloutSituation['rollout']>;

function plan(
  targets: RolloutTarget[],
  overrides: Partial<Omit<RolloutSituation, 'rollout'>> & { rollout?: RolloutPart } = {},
) {
  const { rollout, ...rest } = overrides;
  const source = { kind: 'parameter', name: '/tls', version: 1 } as const;
  return planWave({
    rollout: {
      id: 'r-1',
      only: null,
      repeat: false,
      startedAt: '2026-11-22T11:59:00Z',
      strategy: Strategy.parse({}),
      urgent: false,
      version: { fingerprint: theNew, source, notAfter: 1_900_000_000 },
      ...rollout,
    },
    targets,
    refused: 0,
    done: new Set<string>(),
    now,
    ...rest,
  });
}

const fleet = (size: number) => Array.from({ length: size }, (_, at) => aTarget(at));
const idsOf = (planned: ReturnType<typeof plan>) =>
  planned.verdict === 'deploy' ? planned.chosen.map(({ target }) => target.id) : [];

describe('the next wave', () => {
  test('The next wave begins with a canary of one', () => {
    expect(plan(fleet(200))).toMatchObject({ verdict: 'deploy', step: 0, goal: 1, reached: 0, total: 200 });
    expect(idsOf(plan(fleet(200)))).toEqual(['web-0000']);
  });

  test('The next wave comes to targets with the version while a deployment of another one may be at work there', () => {
    const has = { fingerprint: theNew, notAfter: null };
    const targets = [aTarget(0, { installed: has }), aTarget(1, { installed: has, isChanging: true })];

    expect(plan(targets)).toMatchObject({ verdict: 'deploy', reached: 1, total: 2 });
    expect(idsOf(plan(targets))).toEqual(['web-0001']);
  });

  test('The next wave leaves out targets with the version already, and counts them as reached', () => {
    const targets = fleet(5).map((place, at) =>
      at === 0 ? { ...place, installed: { fingerprint: theNew, notAfter: null } } : place,
    );

    expect(plan(targets)).toMatchObject({ verdict: 'deploy', reached: 1, total: 5, goal: 5 });
    expect(idsOf(plan(targets))).not.toContain('web-0000');
  });

  test('The next wave leaves out targets that had a turn, however it ended', () => {
    const planned = plan(fleet(3), { done: new Set(['web-0000', 'web-0002']) });

    expect(idsOf(planned)).toEqual(['web-0001']);
    expect(planned).toMatchObject({ reached: 2 });
  });

  test('The next wave is empty once all targets had their turn', () => {
    expect(plan(fleet(1), { done: new Set(['web-0000']) })).toMatchObject({ verdict: 'finished', total: 1 });
    expect(plan([])).toMatchObject({ verdict: 'finished', total: 0 });
  });

  test('The next wave counts those that cannot be deployed to as reached', () => {
    expect(plan(fleet(3), { refused: 1 })).toMatchObject({ reached: 1, total: 4, goal: 4 });
  });

  test('The next wave has those that have the version as well when the rollout repeats it, unless it has brought it itself', () => {
    const targets = [
      aTarget(0, { installed: { fingerprint: theNew, notAfter: null, rollout: 'earlier' } }),
      aTarget(1, { installed: { fingerprint: theNew, notAfter: null, rollout: 'r-1' } }),
    ];

    expect(idsOf(plan(targets, { rollout: { repeat: true } }))).toEqual(['web-0000']);
  });

  test('The next wave is smaller where windows are closed, and the others come later', () => {
    const targets = [aTarget(0, { window: night }), aTarget(1), aTarget(2, { window: night })];
    const strategy = Strategy.parse({ waves: ['100%'] });

    expect(plan(targets, { rollout: { strategy } })).toMatchObject({
      verdict: 'deploy',
      goal: 3,
      waiting: 2,
    });
    expect(idsOf(plan(targets, { rollout: { strategy } }))).toEqual(['web-0001']);
  });

  test('The next wave waits where all windows are closed, until the first one opens', () => {
    const waiting = plan([aTarget(0, { window: night })]);
    const soon = plan([aTarget(0, { window: night })], { now: new Date('2026-11-23T01:58:30.500Z') });

    expect(waiting).toMatchObject({
      verdict: 'wait',
      waitSeconds: 14 * 3600,
      why: 'the window of web-0000 opens 2026-11-23T02:00Z',
    });
    expect(soon).toMatchObject({ verdict: 'wait', waitSeconds: 90 });
  });

  test('The next wave goes by the windows of an open night', () => {
    expect(plan([aTarget(0, { window: night })], { now: new Date('2026-11-23T02:00:00Z') }).verdict).toBe(
      'deploy',
    );
  });

  test('The next wave passes windows when it is urgent', () => {
    expect(plan([aTarget(0, { window: night })], { rollout: { urgent: true } }).verdict).toBe('deploy');
  });

  test('The next wave does not count what is at a place that the target no longer has', () => {
    const here = { fingerprint: theNew, notAfter: null };
    const [same, moved, unknown] = [aTarget(0), aTarget(1), aTarget(2)];
    const found = plan([
      { ...same, installed: { ...here, installation: installationDigest(same.target) } },
      { ...moved, installed: { ...here, installation: installationDigest(aTarget(7).target) } },
      { ...unknown, installed: here },
    ]);

    expect(found).toMatchObject({ verdict: 'deploy', reached: 2, chosen: [{ target: moved.target }] });
  });

  test('The next wave passes a window that would open only after the installed certificate has expired', () => {
    const opens = Date.parse('2026-11-23T02:00:00Z') / 1000;
    const expiring = (notAfter: number) =>
      plan([aTarget(0, { window: night, installed: { fingerprint: theOld, notAfter } })]).verdict;

    expect(expiring(opens)).toBe('deploy');
    expect(expiring(opens + 1)).toBe('wait');
  });

  test('The next wave waits for a named host that is on its way up, for twenty minutes', () => {
    const [host] = [`i-${'0'.repeat(17)}`];
    const rollout = { only: { hosts: [host] } };
    const late = new Date('2026-11-22T12:19:00Z');

    expect(plan([aTarget(0, { online: false })], { rollout })).toMatchObject({
      verdict: 'wait',
      waitSeconds: 15,
    });
    expect(plan([], { rollout })).toMatchObject({ verdict: 'wait', waitSeconds: 15 });
    expect(plan([aTarget(0, { online: false })], { rollout, now: late }).verdict).toBe('deploy');
    expect(plan([], { rollout, now: late }).verdict).toBe('finished');
  });

  test('The next wave does not wait for hosts that are selected rather than named', () => {
    expect(plan([aTarget(0, { online: false })]).verdict).toBe('deploy');
  });

  describe('an instance that starts during the rollout', () => {
    const minute = 60_000;
    const starting = (number: number, minutesAgo: number) =>
      aTarget(number, { online: false, installed: null, startedAt: now.getTime() - minutesAgo * minute });
    const seconds = (minutesAgo: number) => (now.getTime() - minutesAgo * minute) / 1000;

    test('An instance that starts is left to a later wave, so that an instance refresh causes no failure', () => {
      expect(plan([aTarget(0), starting(1, 3)])).toMatchObject({ verdict: 'deploy', waiting: 1 });
      expect(idsOf(plan([aTarget(0), starting(1, 3)]))).toEqual(['web-0000']);
    });

    test('The rollout waits for an instance that starts if nothing else is left', () => {
      expect(plan([starting(1, 3)])).toMatchObject({ verdict: 'wait', waitSeconds: 15, forStarting: true });
    });

    test('An instance that is offline twenty minutes after its start gets its deployment, which fails', () => {
      expect(idsOf(plan([starting(1, 20)]))).toEqual(['web-0001']);
    });

    test('The rollout ends without an instance that starts after it has waited for such instances for twenty minutes', () => {
      expect(plan([starting(1, 3)], { startingSince: seconds(19) }).verdict).toBe('wait');
      expect(plan([starting(1, 3)], { startingSince: seconds(20) })).toMatchObject({
        verdict: 'finished',
        starting: 1,
        reached: 0,
        total: 1,
      });
    });
  });

  test('The next wave lists the versions that may still be served, unless the version of a target is unknown', () => {
    const unknown = aTarget(2, { installed: null });

    expect(plan(fleet(2))).toMatchObject({ previousVersions: [theOld] });
    expect(plan([...fleet(2), unknown])).toMatchObject({ previousVersions: null });
    expect(plan(fleet(2), { rollout: { only: { targets: ['web'] } } })).toMatchObject({
      previousVersions: null,
    });
  });
});

const shares: fc.Arbitrary<Share> = fc.oneof(
  fc.nat(30),
  fc.integer({ min: 0, max: 100 }).map((percent) => `${percent}%` as const),
);
const strategies = fc
  .array(shares, { maxLength: 5 })
  .map((waves) => Strategy.parse({ waves: [...waves, '100%'] }));

type DeployPlan = Extract<ReturnType<typeof plan>, { verdict: 'deploy' }>;

/** Every wave of a rollout whose deployments all end; waits are waited out. */
function walked(targets: RolloutTarget[], strategy: Strategy): DeployPlan[] {
  const waves: DeployPlan[] = [];
  const done = new Set<string>();
  let clock = now;
  for (;;) {
    const planned = plan(targets, { rollout: { strategy }, done, now: clock });
    if (planned.verdict === 'finished') return waves;
    if (planned.verdict === 'deploy') waves.push(planned);
    else clock = new Date(clock.getTime() + planned.waitSeconds * 1000);
    for (const id of idsOf(planned)) done.add(id);
  }
}

describe('the waves of any strategy, with any number of targets', () => {
  test('The waves of any strategy, with any number of targets reach each target that lacks the version exactly once, and no goal is passed', () => {
    const targets = fc.array(
      fc.record({ has: fc.boolean(), host: fc.nat(8), online: fc.boolean(), windowed: fc.boolean() }),
      { maxLength: 40 },
    );
    fc.assert(
      fc.property(strategies, targets, (strategy, some) => {
        const all = some.map(({ has, host, online, windowed }, at) =>
          aTarget(at, {
            host: `i-${String(host).padStart(17, '0')}`,
            online,
            window: windowed ? night : null,
            installed: has ? { fingerprint: theNew, notAfter: null } : null,
          }),
        );
        const waves = walked(all, strategy);
        for (const wave of waves) {
          expect(wave.chosen.length).toBeGreaterThan(0);
          expect(wave.reached + wave.chosen.length).toBeLessThanOrEqual(wave.goal);
          expect(wave.goal).toBe(goalOf(strategy.waves[wave.step] ?? 0, all.length));
        }
        const lacking = all.filter(({ installed }) => installed === null).map(({ target }) => target.id);
        const turns = waves.flatMap(idsOf);
        expect(turns.sort()).toEqual(lacking.sort());
      }),
    );
  });

  test('The waves of any strategy begin with the canary alone by default, for any number of targets', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 60 }), (size) => {
        expect(idsOf(plan(fleet(size)))).toEqual(['web-0000']);
      }),
    );
  });
});
