import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sweepLines } from '../../cli/commands/sweep.ts';
import { plainColours } from '../../cli/terminal/terminal.ts';
import type { SweepReport } from '../../core/drift/sweep-report.ts';
import { aWorkplace, type ProcessResult } from './command.ts';

const terminal = { out: () => {}, err: () => {}, interactive: false, width: 100, colours: plainColours };

const own = (words: string) => `certferry ${words} --stack Prod`;

describe('a sweep', () => {
  test('A sweep of nothing is not a success', () => {
    const lines = sweepLines({ targets: [], more: 0, summary: '0 of 0 targets are ok' }, terminal, own);

    expect(lines.join('\n')).toMatch(/^! no endpoint was probed: no target is registered/);
  });
});

describe('a sweep on this machine', () => {
  let place: Awaited<ReturnType<typeof aWorkplace>>;
  beforeAll(async () => {
    place = await aWorkplace();
  });
  afterAll(() => place.stop());

  test('A sweep and the status on this machine show the targets that were deployed to, and the status also those of the file', async () => {
    const version = await place.issue();
    const swept = ({ out }: ProcessResult) => (JSON.parse(out) as SweepReport).targets;

    const asked = await place.deploy(version, '--dry-run');
    const before = await place.run('sweep', '--local', '--json');
    const undeployed = await place.run('status', '--local', '--targets', 'targets.json', '--json');
    const deployed = await place.deploy(version);
    const after = await place.run('sweep', '--local', '--json');

    expect([asked, before, deployed, after].map(({ code }) => code)).toEqual([0, 0, 0, 0]);
    expect(swept(before)).toEqual([]);
    expect(swept(after)).toMatchObject([{ targetId: 'demo-server', condition: 'ok' }]);

    expect(undeployed.code).toBe(1);
    expect(JSON.parse(undeployed.out).targets).toMatchObject([
      { targetId: 'demo-server', condition: 'never_deployed', lastDeployment: null },
    ]);
    const recorded = await place.run('status', '--local', '--targets', 'targets.json', '--json');
    const probed = await place.run('status', '--local', '--probe', '--json');
    expect([recorded, probed].map(({ code }) => code)).toEqual([0, 0]);
    const target = {
      targetId: 'demo-server',
      fingerprint: version.fingerprint,
      lastDeployment: { outcome: 'deployed' },
    };
    expect(JSON.parse(recorded.out).targets).toMatchObject([{ ...target, condition: 'not_probed' }]);
    expect(JSON.parse(probed.out).targets).toMatchObject([
      { ...target, condition: 'ok', served: { fingerprint: version.fingerprint } },
    ]);
  }, 600_000);

  test('A target that is removed on this machine is not swept any more, and its files stay', async () => {
    await place.deploy(await place.issue());
    const listed = await place.run('targets', 'list', '--local');
    const removed = await place.run('targets', 'remove', 'demo-server', '--local');
    const swept = await place.run('sweep', '--local', '--json');
    const empty = await place.run('targets', 'list', '--local');
    const again = await place.run('targets', 'remove', 'demo-server', '--local');

    expect(listed.out).toMatch(/^target +demo-server +files, \S+, host local +cli$/m);
    expect(removed).toMatchObject({ code: 0, out: expect.stringContaining('Files on hosts stay') });
    expect(JSON.parse(swept.out)).toMatchObject({ targets: [] });
    expect(empty.out).toContain('Nothing is registered. Register targets with "certferry deploy --local');
    expect(again).toMatchObject({ code: 2, err: expect.stringContaining('demo-server is not registered') });
    expect(await place.run('history', '--local')).toMatchObject({
      out: expect.stringContaining('demo-server'),
    });
  }, 600_000);
});
