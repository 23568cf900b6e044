import { describe, expect, test } from 'vitest';
import { rolloutListLines } from '../../cli/render/rollout-list.ts';
import { rolloutMark, rolloutMeanings } from '../../cli/render/rollout-outcomes.ts';
import { rolloutSummaryLines } from '../../cli/render/rollout-summary.ts';
import { timesIn } from '../../cli/render/times.ts';
import { rolloutExitCodeOf, rolloutReportOf } from '../../cli/report/rollout-report.ts';
import { plainColours } from '../../cli/terminal/terminal.ts';
import { type RolloutOutcome, rolloutOutcomes } from '../../core/rollout/rollout.ts';
import type { ReportedWave, RolloutResult } from '../../services/backend/backend.ts';

const layout = { colours: plainColours, width: 100 };
const here = (words: string) => `certferry ${words} --local`;
const there = (words: string) => `certferry ${words} --stack Certferry`;

const result = (targetId: string, outcome = 'deployed') => ({
  targetId,
  outcome,
  summary: `${targetId} says so`,
  executionArn: `arn:aws:states:us-east-1:0:execution:certferry-rollout/DeployWave:of-${targetId}`,
});

const waves: ReportedWave[] = [
  { number: 1, direction: 'forward', results: [result('web-1')] },
  { number: 2, direction: 'forward', results: [result('web-2'), result('web-3', 'rolled_back')] },
  { number: 3, direction: 'rollback', results: [result('web-2'), result('web-1', 'lost')] },
];

function anEnd(outcome: RolloutOutcome | null, its: readonly ReportedWave[] = []): RolloutResult {
  const output = outcome && {
    rolloutId: 'r-1',
    certificate: 'api.example.com',
    fingerprint: `sha256:${'ab'.repeat(32)}`,
    outcome,
    summary: 'said by the graph',
    reason: null,
    total: 3,
    waves: its.length,
    counts: {},
  };
  return { id: 'r-1', status: 'FAILED', output, waves: its, durationMs: 61_000 };
}

describe('the end of a rollout', () => {
  test('The end of a rollout shows the warnings about its certificate, also in JSON', () => {
    const end = anEnd('finished', waves);
    const warnings = ['The leaf expires on 2026-11-30, in 1 day(s).'];
    const warned = { ...end, output: end.output && { ...end.output, warnings } };

    expect(rolloutSummaryLines(warned, layout, here).at(-1)).toBe(`warning: ${warnings[0]}`);
    expect(rolloutReportOf(warned).warnings).toEqual(warnings);
    expect(rolloutReportOf(end)).not.toHaveProperty('warnings');
  });

  test('The end of a rollout does not name a target that failed, and that a resumed rollout has done right since', () => {
    const resumed: ReportedWave[] = [
      { number: 1, direction: 'forward', results: [result('web-1', 'rolled_back'), result('web-2', 'lost')] },
      { number: 2, direction: 'forward', results: [result('web-1')] },
    ];

    const lines = rolloutSummaryLines(anEnd('finished_with_failures', resumed), layout, here);

    expect(lines).toContain('✖ web-2  lost in wave 1');
    expect(lines.join()).not.toContain('✖ web-1');
  });

  test('The end of a rollout has a row for each wave, and the words of each target that failed', () => {
    const lines = rolloutSummaryLines(anEnd('rollback_incomplete', waves), layout, here);

    expect(lines.slice(0, 14)).toEqual([
      '✖ rollout r-1  rollback_incomplete: some targets could not be rolled back; manual action required  1 m 1 s',
      '  said by the graph',
      '  api.example.com, version sha256:abababababab…',
      '',
      '  wave          targets  deployed  rolled_back  returned  lost',
      '  1             1        1',
      '  2             2        1         1',
      '  3 (rollback)  2                               1         1',
      '',
      '✖ web-3  rolled_back in wave 2',
      '  web-3 says so',
      '    certferry inspect of-web-3 --local',
      '',
      '✖ web-1  lost in wave 3 during the rollback',
    ]);
    expect(lines).toContain('  MANUAL ACTION REQUIRED on this host.');
    expect(lines).toContain('MANUAL ACTION REQUIRED: the targets above could not be rolled back.');
  });

  test('The end of a rollout prints the next command, with the bundle where it is needed again', () => {
    expect(rolloutSummaryLines(anEnd('halted'), layout, here)).toContain(
      '  certferry rollout --resume r-1 --cert FILE --key FILE --local',
    );
    expect(rolloutSummaryLines(anEnd('halted'), layout, there)).toContain(
      '  certferry rollout --resume r-1 --stack Certferry',
    );
  });

  test('The end of a rollout without a recorded outcome is printed as such, with the command that resumes it', () => {
    const lines = rolloutSummaryLines(anEnd(null), layout, there);

    expect(lines[0]).toContain('lost: no outcome was recorded');
    expect(lines[1]).toBe('  execution r-1 ended FAILED before it recorded an outcome');
    expect(lines.join('\n')).toContain('rollout --resume r-1');
  });

  test('The end of a rollout has a next step for every outcome but a good one', () => {
    const plain = rolloutSummaryLines(anEnd('finished'), layout, here).length;
    for (const outcome of rolloutOutcomes) {
      const lines = rolloutSummaryLines(anEnd(outcome), layout, here);
      if (outcome !== 'finished') expect(lines.length, outcome).toBeGreaterThan(plain);
    }
  });

  test('The end of a rollout lists twenty failures and counts the others', () => {
    const results = Array.from({ length: 23 }, (_, at) => result(`web-${at}`, 'validate_failed'));
    const lines = rolloutSummaryLines(
      anEnd('halted', [{ number: 1, direction: 'forward', results }]),
      layout,
      here,
    );

    expect(lines.filter((line) => line.includes('validate_failed in wave 1'))).toHaveLength(20);
    expect(lines).toContain('3 more failures: --json lists all of them.');
  });

  test('The end of a rollout is a report with every failure, and an exit code', () => {
    const report = rolloutReportOf(anEnd('halted', waves));

    expect(report).toMatchObject({ rolloutId: 'r-1', outcome: 'halted', total: 3, durationMs: 61_000 });
    expect(report.waves).toMatchObject([
      { number: 1, counts: { deployed: 1 }, failed: [] },
      { number: 2, counts: { deployed: 1, rolled_back: 1 }, failed: [{ targetId: 'web-3' }] },
      { number: 3, direction: 'rollback', failed: [{ targetId: 'web-1', outcome: 'lost' }] },
    ]);
    expect(Object.fromEntries(rolloutOutcomes.map((one) => [one, rolloutExitCodeOf(anEnd(one))]))).toEqual({
      finished: 0,
      already_rolled_out: 0,
      superseded: 0,
      refused: 10,
      rolled_back: 13,
      rollback_incomplete: 14,
      finished_with_failures: 17,
      halted: 18,
    });
    expect(rolloutExitCodeOf(anEnd(null))).toBe(15);
    expect(rolloutReportOf(anEnd(null))).toMatchObject({ outcome: 'lost', certificate: null });
  });

  test('The end of a rollout takes an error in place of an outcome for a failure', () => {
    const results = [result('web-1', 'States.Timeout'), result('web-2', 'constructor')];

    const [wave] = rolloutReportOf(anEnd('halted', [{ number: 1, direction: 'forward', results }])).waves;

    expect(wave?.failed).toHaveLength(2);
  });
});

describe('the list of rollouts', () => {
  const entry = {
    id: 'r-1',
    certificate: 'api.example.com',
    fingerprint: `sha256:${'ab'.repeat(32)}`,
    startedAt: '2026-11-22T04:15:00.000Z',
    status: 'running' as const,
    reason: null,
    supersededBy: null,
    failures: 1,
    tolerated: 2,
    outcome: null,
    summary: null,
  };

  const file = { colours: plainColours, width: 80, interactive: false, times: timesIn('UTC') };

  test('The list of rollouts is folded where the screen is too narrow for it', () => {
    expect(rolloutListLines([entry], { ...file, interactive: true, width: 40 })).toEqual([
      '○ 2026-11-22 04:15:00  api.example.com',
      '  version sha256:abababababab…  running',
      '  failures tolerated 1 of 2  r-1',
    ]);
  });

  test('The list of rollouts has a line for each with the state it is in', () => {
    const lines = rolloutListLines(
      [
        entry,
        { ...entry, id: 'r-2', supersededBy: 'r-1' },
        { ...entry, id: 'r-3', status: 'halted', outcome: 'halted' },
        { ...entry, id: 'r-4', status: 'ended', outcome: 'finished' },
        { ...entry, id: 'r-5', status: 'rolling_back' },
      ],
      file,
    );

    expect(lines.map((line) => line.slice(0, 1))).toEqual([' ', '○', '○', '✖', '✔', '✖']);
    expect(lines[1]).toBe(
      '○ 2026-11-22 04:15:00  api.example.com  sha256:abababababab…  running              1 of 2              r-1',
    );
    expect(lines[2]).toContain('running, superseded');
    expect(lines[5]).toContain('rolling_back');
    expect(rolloutListLines([], file)).toEqual(['No rollouts yet.']);
  });
});

test('Every outcome of a rollout has a meaning and a sign', () => {
  for (const outcome of rolloutOutcomes) {
    expect(rolloutMeanings[outcome].meaning).not.toBe('');
    expect(rolloutMark(outcome, plainColours)).toMatch(/^[✔!✖]$/);
  }
});
