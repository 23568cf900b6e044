// What fails where in a rollout, and what the graph makes of it: the real files and functions, a Distributed Map and S3 of
// local mode, one TLS server. The hosts are played (simulated-fleet.ts): of agents and daemons it cannot show anything.
import { describe, expect, test } from 'vitest';
import { expectTaken } from './expect-taken.ts';
import { losesItsAnswer, throws } from './faults.ts';
import { type FleetScenario, type Run, useFleet } from './simulated-fleet.ts';

interface Scenario extends FleetScenario {
  readonly targets?: number;
  readonly path: string;
  readonly outcome: string;
  /** Targets by the outcome of their deployment; those that went back by the last one. */
  readonly counts?: Readonly<Record<string, number>>;
  /** Which of them have the new version afterwards. */
  readonly have: readonly number[];
}

const begun = 'ResolveCertificate';
const wave = 'NextWave WaveReady? DeployWave JudgeWave WaveOutcome?';
const waves = (count: number) => Array.from({ length: count }, () => wave).join(' ');
const finished = 'NextWave WaveReady? RecordFinished RolloutFinished';
const stopped = 'HaltRollout HaltOutcome? RolloutHalted';
const all = (count: number) => Array.from({ length: count }, (_, at) => at);

const scenarios: Readonly<Record<string, Scenario>> = {
  'nothing fails': {
    targets: 4,
    strategy: { waves: [1, '50%', '100%'] },
    path: `${begun} ${waves(3)} ${finished}`,
    outcome: 'finished',
    counts: { deployed_unverified: 4 },
    have: all(4),
  },
  'one deployment fails and is tolerated': {
    targets: 4,
    strategy: { waves: [1, '100%'], toleratedFailures: 1 },
    fails: [2],
    path: `${begun} ${waves(2)} ${finished}`,
    outcome: 'finished_with_failures',
    counts: { deployed_unverified: 3, validate_failed: 1 },
    have: [0, 1, 3],
  },
  'too many deployments fail, and the rollout stops': {
    targets: 6,
    strategy: { waves: [1, '50%', '100%'] },
    fails: [1],
    path: `${begun} ${waves(2)} ${stopped}`,
    outcome: 'halted',
    have: [0, 2],
  },
  'too many deployments fail, and everything is rolled back': {
    targets: 4,
    strategy: { waves: [1, '100%'], onHalt: 'rollback' },
    fails: [3],
    path: `${begun} ${waves(2)} HaltRollout HaltOutcome? ${waves(2)} NextWave WaveReady? RecordRolloutRolledBack RolloutRolledBack`,
    outcome: 'rolled_back',
    have: [],
  },
  'too many deployments fail, and one rollback fails': {
    targets: 3,
    strategy: { waves: [1, '100%'], onHalt: 'rollback' },
    fails: [2],
    staysWhenReverted: [0],
    path: `${begun} ${waves(2)} HaltRollout HaltOutcome? ${waves(2)} NextWave WaveReady? RecordRollbackIncomplete RollbackIncomplete`,
    outcome: 'rollback_incomplete',
    have: [0],
  },
  'a service keeps serving another version': {
    targets: 1,
    service: 'stale',
    path: `${begun} ${wave} ProbeServices WaveOutcome? BackOffServices ProbeServices WaveOutcome? ${stopped}`,
    outcome: 'halted',
    have: [0],
  },
  'a service serves the new version': {
    targets: 1,
    service: 'right',
    path: `${begun} ${wave} ProbeServices WaveOutcome? ${finished}`,
    outcome: 'finished',
    have: [0],
  },
  'ProbeServices fails': {
    targets: 1,
    service: 'right',
    faults: { 'probe-services': throws('Injected') },
    path: `${begun} ${wave} ProbeServices ${stopped}`,
    outcome: 'halted',
    have: [0],
  },
  'an operator approves': {
    targets: 2,
    strategy: { waves: [1, '100%'], approvalAfterWave: 1 },
    answer: 'approved',
    path: `${begun} ${wave} AwaitApproval Approved? ${wave} ${finished}`,
    outcome: 'finished',
    have: all(2),
  },
  'an operator rejects': {
    targets: 2,
    strategy: { waves: [1, '100%'], approvalAfterWave: 1 },
    answer: 'rejected',
    path: `${begun} ${wave} AwaitApproval Approved? ${stopped}`,
    outcome: 'halted',
    have: [0],
  },
  'no operator decides in time': {
    targets: 2,
    strategy: { waves: [1, '100%'], approvalAfterWave: 1 },
    // the number of the wave, for want of a smaller number in the state
    machine: { AwaitApproval: { TimeoutSecondsPath: '$.wave.number' } },
    path: `${begun} ${wave} AwaitApproval ${stopped}`,
    outcome: 'halted',
    have: [0],
  },
  'there is a pause between waves': {
    targets: 2,
    strategy: { waves: [1, '100%'], pauseSeconds: 1 },
    path: `${begun} ${wave} NextWave WaveReady? PauseBetweenWaves ${wave} ${finished}`,
    outcome: 'finished',
    have: all(2),
  },
  'an operator halts the rollout in a pause of a week': {
    targets: 2,
    strategy: { waves: [1, '100%'], pauseSeconds: 604_800 },
    // not a quarter of an hour: as many seconds as there are targets
    machine: { PauseBetweenWaves: { SecondsPath: '$.wave.total' } },
    halted: 'PauseBetweenWaves',
    path: `${begun} ${wave} NextWave WaveReady? PauseBetweenWaves NextWave WaveReady? ${stopped}`,
    outcome: 'halted',
    have: [0],
  },
  'a maintenance window is closed, and an operator halts the rollout': {
    targets: 1,
    closedNow: true,
    // not a quarter of an hour: as many seconds as deployments at a time
    strategy: { maxConcurrency: 2 },
    machine: { AwaitTurn: { SecondsPath: '$.rollout.strategy.maxConcurrency' } },
    halted: 'AwaitTurn',
    path: `${begun} NextWave WaveReady? AwaitTurn NextWave WaveReady? ${stopped}`,
    outcome: 'halted',
    have: [],
  },
  'the version was rolled out before': {
    targets: 1,
    twice: true,
    path: `${begun} RecordAlreadyRolledOut AlreadyRolledOut`,
    outcome: 'already_rolled_out',
    have: [0],
  },
  'a newer version arrives while the rollout waits for approval': {
    targets: 2,
    strategy: { waves: [1, '100%'], approvalAfterWave: 1 },
    newerMeanwhile: true,
    answer: 'approved',
    path: `${begun} ${wave} AwaitApproval Approved? NextWave WaveReady? RecordRolloutSuperseded RolloutSuperseded`,
    outcome: 'superseded',
    have: [],
  },
  'the bytes are not those of the version': {
    targets: 1,
    otherBytes: true,
    path: `${begun} RecordRefused RolloutRefused`,
    outcome: 'refused',
    have: [],
  },
  'the answer of ResolveCertificate is lost': {
    targets: 1,
    faults: { 'resolve-certificate': losesItsAnswer('Lambda.ServiceException', 1) },
    path: `${begun} ${wave} ${finished}`,
    outcome: 'finished',
    have: [0],
  },
  'the source is unavailable for a while': {
    targets: 1,
    faults: { 'resolve-certificate': throws('SourceUnavailable', 2) },
    path: `${begun} ${wave} ${finished}`,
    outcome: 'finished',
    have: [0],
  },
  'NextWave fails': {
    targets: 1,
    faults: { 'next-wave': throws('Injected') },
    path: `${begun} NextWave ${stopped}`,
    outcome: 'halted',
    have: [],
  },
  'JudgeWave fails': {
    targets: 2,
    faults: { 'judge-wave': throws('Injected') },
    path: `${begun} NextWave WaveReady? DeployWave JudgeWave ${stopped}`,
    outcome: 'halted',
    have: [0],
  },
  'the answer of JudgeWave is lost': {
    targets: 1,
    faults: { 'judge-wave': losesItsAnswer('Lambda.ServiceException', 1) },
    path: `${begun} ${wave} ${finished}`,
    outcome: 'finished',
    have: [0],
  },
  'HaltRollout fails, and the rollout is halted nevertheless': {
    targets: 2,
    fails: [0],
    faults: { 'halt-rollout': throws('Injected') },
    path: `${begun} ${wave} HaltRollout RolloutHalted`,
    outcome: 'halted',
    have: [],
  },
  'the Distributed Map cannot write its results': {
    targets: 2,
    machine: { DeployWave: { ResultWriter: { Parameters: { Bucket: 'work', Prefix: '..' } } } },
    path: `${begun} ${wave} ${stopped}`,
    outcome: 'halted',
    have: [0],
  },
  'recording the outcome fails permanently': {
    targets: 1,
    faults: { 'end-rollout': throws('Injected') },
    path: `${begun} ${wave} NextWave WaveReady? RecordFinished RolloutRecordingFailed`,
    outcome: 'unrecorded',
    have: [0],
  },
};

const openFleet = useFleet();

const pathOf = ({ events }: Run) =>
  events
    .filter(({ type }) => type === 'StateEntered')
    .map(({ state }) => state?.name)
    .join(' ');

describe('rollout, when', () => {
  for (const [name, scenario] of Object.entries(scenarios)) {
    test(name, async () => {
      const fleet = await openFleet(scenario.targets ?? 2);

      const run = await fleet.run(scenario);

      expect(pathOf(run)).toBe(scenario.path);
      expect(run.end.output?.outcome ?? 'unrecorded').toBe(scenario.outcome);
      if (scenario.counts !== undefined) expect(run.end.output?.counts).toEqual(scenario.counts);
      expect(fleet.have('new')).toEqual(scenario.have);
      // the event of a failed execution frees its lock a moment after the end
      await expect.poll(() => fleet.lockedTargets()).toEqual([]);
      expectTaken('rollout', name, [...run.events, ...run.children]);
      expectTaken('deploy-target', `rollout: ${name}`, run.children);
    });
  }

  test('a halted rollout is resumed and deploys only the remaining targets', async () => {
    const fleet = await openFleet(4);
    const halted = await fleet.run({ strategy: { waves: [1, '50%', '100%'] }, fails: [1] });
    const touched = fleet.applied();

    const resumed = await fleet.resume(halted.end.id);

    expect(halted.end.output?.outcome).toBe('halted');
    expect(pathOf(resumed)).toBe(`RolloutHalted ${waves(2)} ${finished}`);
    expect(resumed.end.output?.outcome).toBe('finished');
    expect(fleet.have('new')).toEqual([0, 1, 2, 3]);
    expect(touched).toEqual([0]);
    expect(fleet.applied()).toEqual([0, 1, 2, 3]);
    expectTaken(
      'rollout',
      'a halted rollout is resumed and deploys only the remaining targets',
      resumed.events,
    );
  });

  test('a service is stale, nobody is left, and it is resumed: the service is looked at again', async () => {
    const fleet = await openFleet(1);
    const stale = await fleet.run({ service: 'stale' });

    const resumed = await fleet.resume(stale.end.id);

    const looks = 'ProbeServices WaveOutcome? BackOffServices ProbeServices WaveOutcome?';
    expect(pathOf(resumed)).toBe(`RolloutHalted NextWave WaveReady? ${looks} ${stopped}`);
    expect(resumed.end.output).toMatchObject({ outcome: 'halted' });
    expect(fleet.have('new')).toEqual([0]);
    expectTaken('rollout', 'a service is stale and no target is left after a resume', resumed.events);
  });
});
