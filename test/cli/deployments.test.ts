import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Report } from '../../cli/report/deployment-report.ts';
import type { Target } from '../../core/targets/target.ts';
import type { HistoryEntry } from '../../services/backend/backend.ts';
import { aWorkplace, endpointOf, type ProcessResult } from './command.ts';

const path = ['AcquireLock', 'PushBundle', 'PushOutcome?', 'ProbeEndpoint', 'ProbeOutcome?'];

/** The one JSON document on standard output. Throws when there is anything else. */
function documentOf({ out }: ProcessResult): Report {
  return JSON.parse(out);
}

/** A reload that fails while a file beside the certificate says so, and takes that file away. */
function failingOnce(usual: Target['config']): string[] {
  if (!('certPath' in usual)) throw new Error('the built-in server keeps its certificate at certPath');
  const { certPath, reloadCommand = [] } = usual;
  const [shell = '', dashC = '', reload = ''] = reloadCommand;
  return [shell, dashC, `if rm '${certPath}.fail' 2>/dev/null; then exit 1; fi; ${reload}`];
}

describe('deployments on this machine', () => {
  let place: Awaited<ReturnType<typeof aWorkplace>>;

  beforeAll(async () => {
    place = await aWorkplace();
  });
  afterAll(() => place.stop());

  test('Deployments on this machine walk from the first version to a rollback, each with its exit code and its report', async () => {
    const first = await place.issue();
    const second = await place.issue();

    const deployed = await place.deploy(first);
    expect(deployed).toMatchObject({ code: 0, err: '' });
    expect(deployed.out).toContain('demo-server: ProbeEndpoint');
    expect(deployed.out).toContain('✔ demo-server  deployed: the endpoint serves the new leaf');

    const renewed = await place.deploy(second, '--json');
    expect(renewed.code).toBe(0);
    expect(documentOf(renewed)).toEqual({
      executionId: expect.stringMatching(/^demo-server-/),
      outcome: 'deployed',
      summary: expect.any(String),
      targets: [
        {
          targetId: 'demo-server',
          outcome: 'deployed',
          summary: expect.any(String),
          reason: null,
          fingerprint: second.fingerprint,
          previousFingerprint: first.fingerprint,
          states: [...path, 'CommitDeployment', 'Deployed'],
          durationMs: expect.any(Number),
        },
      ],
    });

    const again = await place.deploy(second, '--json');
    expect(again.code).toBe(0);
    expect(documentOf(again).outcome).toBe('unchanged');

    const back = await place.run(
      'rollback',
      '--local',
      '--targets',
      'targets.json',
      '--target',
      'demo-server',
    );
    expect(back.code).toBe(0);
    const served = await place.run(
      'probe',
      endpointOf(place.server),
      '--expect',
      first.fingerprint,
      '--json',
    );
    expect(served.code).toBe(0);

    place.server.ignoreReloads();
    const undone = await place.deploy(second, '--json');
    expect(undone.code).toBe(13);
    expect(documentOf(undone)).toMatchObject({ outcome: 'rolled_back' });
    expect(documentOf(undone).targets[0]?.states).toEqual(expect.arrayContaining(['BackOff', 'RollBack']));
    expect(readFileSync(place.server.paths.certPath, 'utf8')).toBe(first.fullchainPem);

    const history = await place.run('history', '--local', '--json');
    const outcomes = JSON.parse(history.out).deployments.map(({ outcome }: Report) => outcome);
    expect(outcomes).toEqual(['rolled_back', 'deployed', 'unchanged', 'deployed', 'deployed']);
    const actions = JSON.parse(history.out).deployments.map(({ action }: HistoryEntry) => action);
    expect(actions).toEqual(['deploy', 'rollback', 'deploy', 'deploy', 'deploy']);
    expect((await place.run('history', '--local')).out).toMatch(/ rollback +deployed /);

    const last = await place.run('inspect', '--local', 'last');
    expect(last).toMatchObject({ code: 0, err: '' });
    const waitedSeconds = Number(/◷ BackOff +(\d+\.\d) s/.exec(last.out)?.[1]);
    expect(waitedSeconds).toBeGreaterThanOrEqual(1);
    expect(last.out).toContain('✖ rolled_back');

    const nowhere = await place.run('inspect', '--local', 'last', '--html', 'no/such/folder.html');
    expect(nowhere).toMatchObject({
      code: 2,
      err: expect.stringContaining('cannot write no/such/folder.html'),
    });
    const both = await place.run('inspect', '--local', 'last', '--json', '--html', 'last.html');
    expect(JSON.parse(both.out)).toMatchObject({ output: { outcome: 'rolled_back' } });
    const page = readFileSync(join(place.folder, 'last.html'), 'utf8');
    expect(page).toContain('ProbeOutcome? to RollBack: taken');
    expect(page).not.toContain('PRIVATE KEY');
  }, 600_000);
});

describe('a deployment that ends early', () => {
  test('A deployment that ends early is refused for a bad bundle before anything is touched or started', async () => {
    const place = await aWorkplace();
    try {
      const [one, other] = [await place.issue(), await place.issue()];
      await place.deploy(one);
      const before = statSync(place.server.paths.certPath, { bigint: true });

      const refused = await place.deploy({ fullchainPem: one.fullchainPem, keyPem: other.keyPem }, '--json');

      expect(refused.code).toBe(10);
      expect(documentOf(refused)).toMatchObject({
        executionId: null,
        outcome: 'rejected',
        targets: [{ targetId: 'demo-server', outcome: 'rejected', states: [] }],
      });
      const after = statSync(place.server.paths.certPath, { bigint: true });
      expect([after.ino, after.mtimeNs]).toEqual([before.ino, before.mtimeNs]);
    } finally {
      await place.stop();
    }
  });

  test('A deployment whose daemon refuses the staged files reports it with its exit code', async () => {
    const place = await aWorkplace((usual) => ({
      ...usual,
      validateCommand: ['sh', '-c', 'echo no thank you >&2; exit 1'],
    }));
    try {
      const refused = await place.deploy(await place.issue());

      expect(refused.code).toBe(11);
      expect(refused.out).toContain('no thank you');
      expect(existsSync(place.server.paths.certPath)).toBe(false);
    } finally {
      await place.stop();
    }
  });

  test('A deployment whose reload fails reports it with its exit code, and has restored the previous files', async () => {
    const place = await aWorkplace((usual) => ({ ...usual, reloadCommand: failingOnce(usual) }));
    try {
      const [first, second] = [await place.issue(), await place.issue()];
      await place.deploy(first);
      writeFileSync(`${place.server.paths.certPath}.fail`, '');

      const failed = await place.deploy(second, '--json');

      expect(failed.code).toBe(12);
      expect(documentOf(failed).outcome).toBe('reload_failed');
      expect(readFileSync(place.server.paths.certPath, 'utf8')).toBe(first.fullchainPem);
    } finally {
      await place.stop();
    }
  });

  test('A deployment that ends early changes nothing when it is a dry run', async () => {
    const place = await aWorkplace((usual) => ({ ...usual, validateCommand: ['true'] }));
    try {
      const judged = await place.deploy(await place.issue(), '--dry-run', '--json');

      expect(judged.code).toBe(0);
      expect(documentOf(judged).outcome).toBe('validated');
      expect(existsSync(place.server.paths.certPath)).toBe(false);
      expect(existsSync(join(place.folder, 'state'))).toBe(true);
    } finally {
      await place.stop();
    }
  });
});
