import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { pairMatches } from '../agent-scripts/disk.ts';
import { loadFilesSite, loadPemSite } from '../rigs/caddy-site.ts';
import { describeWith, program } from '../rigs/require-daemon.ts';
import { caddyNeeds, useCaddies } from './hosted-caddy.ts';

const { aRunningCaddy } = useCaddies();

describeWith([...caddyNeeds, program('curl'), program('jq')], 'the printed commands for Caddy', () => {
  test.for([
    ['load_files', loadFilesSite],
    ['load_pem', loadPemSite],
  ] as const)(
    'The printed commands restore the previous certificate in Caddy when the agent could not: %s',
    async ([loader, make]) => {
      const { caddy, through, version, deploy, first, serves } = await aRunningCaddy(make);
      const before = await caddy.running();
      const next = await version();
      const fails = [null, 'silence', { status: 500, body: 'no' }] as const;

      const lost = through((change) => fails[change] ?? null);
      const line = await deploy(next, { ...lost, commandTimeoutSeconds: 1 });

      expect(line.outcome).toBe('rollback_failed');
      expect(line.summary).toContain('previous files restored');
      expect(pairMatches(caddy.certPath, caddy.keyPath)).toBe(true);
      await serves(next);

      const [command = '', ...more] = line.repair?.commands ?? [];
      expect(more).toEqual([]);
      if (loader === 'load_pem') expect(command).toContain('whose leaf covers www.example.test');
      await promisify(execFile)('sh', ['-c', command.replaceAll('/N', '/0')]);

      expect(await caddy.running()).toEqual(before);
      await serves(first);
    },
  );
});
