import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { RolloutReport } from '../../cli/report/rollout-report.ts';
import { aWorkplace } from './command.ts';
import { readPage } from './pages.ts';

const program = join(import.meta.dirname, '../../cli/certferry.mjs');

/** Each test starts several processes one after another, on a machine that may be busy. */
const patience = 240_000;

/** Three targets on three hosts: nobody looks at the first two, and the server of the last one gets stuck. */
describe('a rollout on this machine', () => {
  let place: Awaited<ReturnType<typeof aWorkplace>>;
  const rolling = (...more: string[]) => [
    ...['rollout', '--local', '--targets', 'fleet.json', '--certificate', place.certificate],
    ...['--cert', 'cert.pem', '--key', 'key.pem', ...more],
  ];
  const bring = async () => {
    const version = await place.issue();
    writeFileSync(join(place.folder, 'cert.pem'), version.fullchainPem);
    writeFileSync(join(place.folder, 'key.pem'), version.keyPem, { mode: 0o600 });
    return version;
  };
  const reportOf = ({ out }: { out: string }): RolloutReport => JSON.parse(out);

  beforeAll(async () => {
    place = await aWorkplace();
    const { target } = place.server;
    const unseen = (id: string) => ({
      ...target,
      id,
      host: `local-${id}`,
      config: {
        certPath: join(place.folder, `${id}.pem`),
        keyPath: join(place.folder, `${id}.key`),
        reloadCommand: ['sleep', '0.3'],
      },
      verify: 'none',
    });
    writeFileSync(
      join(place.folder, 'fleet.json'),
      JSON.stringify({
        certificates: [{ name: place.certificate, strategy: { waves: [1, '100%'] } }],
        targets: [unseen('a-1'), unseen('a-2'), { ...target, id: 'b-1' }],
      }),
    );
  });
  afterAll(() => place.stop());

  test(
    'A rollout on this machine walks from a first version to one that is halted, resumed and swept',
    async () => {
      await bring();
      const done = await place.run(...rolling());
      expect(done).toMatchObject({ code: 0, err: '' });
      expect(done.out).toContain('a-1: deployed_unverified');
      expect(done.out).toContain('b-1: deployed');
      expect(done.out).not.toContain('ProbeEndpoint');
      expect(done.out).toContain('finished: every target has the version');

      const again = await place.run(...rolling('--json'));
      expect(again.code).toBe(0);
      expect(reportOf(again)).toMatchObject({ outcome: 'already_rolled_out', waves: [] });

      const second = await bring();
      place.server.ignoreReloads();
      const halted = await place.run(...rolling('--json'));
      expect(halted.code).toBe(18);
      const { rolloutId, waves } = reportOf(halted);
      expect(waves.flatMap(({ failed }) => failed)).toMatchObject([
        { targetId: 'b-1', outcome: 'rolled_back' },
      ]);

      const listed = await place.run('rollouts', '--local');
      expect(listed.out).toMatch(/halted +1 of 0/);

      const resumed = await place.run(
        ...['rollout', '--local', '--resume', rolloutId, '--cert', 'cert.pem', '--key', 'key.pem', '--json'],
      );
      expect(resumed.code).toBe(18);
      expect(reportOf(resumed).waves.at(-1)).toMatchObject({ counts: { rolled_back: 1 } });

      // what a halted rollout has left behind is for a person to decide about
      const swept = await place.run('sweep', '--local', '--json');
      expect(swept.code).toBe(0);
      expect(JSON.parse(swept.out).targets).toMatchObject([
        { targetId: 'a-1', condition: 'not_probed' },
        { targetId: 'a-2', condition: 'not_probed' },
        { targetId: 'b-1', condition: 'ok' },
      ]);

      await bring();
      const other = await place.run(
        'rollout',
        '--local',
        '--resume',
        rolloutId,
        '--cert',
        'cert.pem',
        '--key',
        'key.pem',
      );
      expect(other).toMatchObject({ code: 2, err: expect.stringContaining(`deploys ${second.fingerprint}`) });

      const drawn = await place.run('inspect', '--local', rolloutId);
      expect(drawn.out).toContain('◇ HaltOutcome?');
      expect(drawn.out).toContain(
        `\n  certferry rollout --local --resume ${rolloutId} --cert FILE --key FILE --state ${join(place.folder, 'state')}\n`,
      );

      const asPage = await place.run('inspect', '--local', rolloutId, '--html', 'halted.html');
      expect(asPage).toMatchObject({
        code: 0,
        err: '',
        out: 'halted.html: written. Open it in a browser.\n',
      });
      const page = readPage(readFileSync(join(place.folder, 'halted.html'), 'utf8'));
      expect(page.errors).toEqual([]);
      expect(page.text).toContain('HaltOutcome? to RolloutHalted: taken');
      const children = page.attributes('href').filter((address) => /^b-1-.*\.html$/.test(address));
      // once when the rollout was halted, once when it was resumed
      expect(new Set(children).size).toBe(2);
      const child = children[0]?.replace('.html', '') ?? '';
      const drawnChild = await place.run('inspect', '--local', child, '--html', 'child.html');
      expect(drawnChild.code).toBe(0);
      expect(readFileSync(join(place.folder, 'child.html'), 'utf8')).toContain('PushBundle');

      const tooLate = await place.run('halt', '--local', rolloutId, '--rollback');
      const command = `certferry rollout --local --resume ${rolloutId} --rollback`;
      expect(tooLate).toMatchObject({ code: 2, err: expect.stringContaining(command) });
      const back = await place.run('rollout', '--local', '--resume', rolloutId, '--rollback', '--json');
      expect(back.code).toBe(13);
      expect(reportOf(back).waves.filter(({ direction }) => direction === 'rollback')).not.toEqual([]);
    },
    patience,
  );

  test(
    'A rollout on this machine is halted by the first Ctrl-C: what has begun is finished, and nothing else begins',
    async () => {
      await bring();
      const child = spawn(process.execPath, [program, ...rolling(), '--state', 'state'], {
        cwd: place.folder,
        env: { ...process.env, TMPDIR: place.folder },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      const err = text(child.stderr);
      let out = '';
      child.stdout.on('data', (chunk: Buffer) => {
        // the first wave of one target has begun
        if (out === '' || !out.includes('wave 1')) {
          out += chunk.toString();
          if (out.includes('wave 1')) child.kill('SIGINT');
        } else out += chunk.toString();
      });

      const [code] = (await once(child, 'exit')) as [number | null];

      expect(await err).toContain('Halting: running deployments finish.');
      expect(code).toBe(18);
      expect(out).not.toContain('b-1: ');
      expect(out).toContain('halted: no further deployments are started');
      expect(out).toContain('certferry rollout --local --resume');
    },
    patience,
  );

  test('A rollout on this machine refuses a bundle that is not fit before anything is started', async () => {
    writeFileSync(join(place.folder, 'bad.pem'), 'no certificate');

    const words = ['rollout', '--local', '--targets', 'fleet.json', '--certificate', place.certificate];
    const refused = await place.run(...words, '--cert', 'bad.pem');
    const json = await place.run(...words, '--cert', 'bad.pem', '--json');

    expect(refused).toMatchObject({ code: 10, out: expect.stringContaining('No deployment was started') });
    expect(reportOf(json)).toMatchObject({ outcome: 'refused', rolloutId: null });
  });
});
