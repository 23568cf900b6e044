import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sweepLines } from '../../cli/commands/sweep.ts';
import { plainColours } from '../../cli/terminal/terminal.ts';
import type { SweepReport } from '../../core/drift/sweep-report.ts';
import { aWorkplace, type ProcessResult } from './command.ts';

const terminal = { out: () => {}, err: () => {}, interactive: false, width: 100, colours: plainColours };

describe('a sweep', () => {
  test('A sweep of nothing is not a success', () => {
    const lines = sweepLines({ targets: [], more: 0, summary: '0 of 0 targets are ok' }, terminal);

    expect(lines.join('\n')).toMatch(/^! no endpoint was probed: no target is registered/);
  });
});

describe('a sweep on this machine', () => {
  let place: Awaited<ReturnType<typeof aWorkplace>>;
  beforeAll(async () => {
    place = await aWorkplace();
  });
  afterAll(() => place.stop());

  test('A sweep and the status on this machine show the targets that were deployed to, and not those of a dry run', async () => {
    const version = await place.issue();
    const swept = ({ out }: ProcessResult) => (JSON.parse(out) as SweepReport).targets;

    const asked = await place.deploy(version, '--dry-run');
    const before = await place.run('sweep', '--local', '--json');
    const deployed = await place.deploy(version);
    const after = await place.run('sweep', '--local', '--json');

    expect([asked, before, deployed, after].map(({ code }) => code)).toEqual([0, 0, 0, 0]);
    expect(swept(before)).toEqual([]);
    expect(swept(after)).toMatchObject([{ targetId: 'demo-server', condition: 'ok' }]);

    const recorded = await place.run('status', '--local', '--json');
    const probed = await place.run('status', '--local', '--probe', '--json');
    expect([recorded, probed].map(({ code }) => code)).toEqual([0, 0]);
    const target = {
      targetId: 'demo-server',
      fingerprint: version.fingerprint,
      lastDeployment: { outcome: 'deployed' },
    };
    expect(JSON.parse(recorded.out).targets).toMatchObject([{ ...target, condition: 'not_probed' }]);
    expect(JSON.parse(probed.out).targets).toMatchObject([{ ...target, condition: 'ok' }]);
  }, 600_000);
});
