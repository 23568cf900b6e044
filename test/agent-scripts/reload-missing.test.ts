import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { aVersion } from '../fixtures/certificates.ts';
import { describeWith, program } from '../rigs/require-daemon.ts';
import { identityOf, scratchFolder } from './disk.ts';
import { aTarget, testHost } from './run-agent.ts';

const scratch = scratchFolder();

describeWith([program('flock', 'util-linux')], 'agent', () => {
  test.each([
    ['no-such-reload', 'there is no program no-such-reload in /usr'],
    ['/etc/passwd', 'there is no program /etc/passwd on'],
    ['/usr/bin', 'there is no program /usr/bin on'],
  ])(
    'The agent refuses a reload that cannot be started (%s) before it touches a file',
    async (reload, why) => {
      const folder = join(scratch, reload.replaceAll('/', '_'));
      mkdirSync(folder);
      const [certPath, keyPath] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
      const targetWith = (program: string) =>
        aTarget('files', { certPath, keyPath, reloadCommand: [program, '-x'] });
      const host = testHost(join(folder, 'home'));
      await host.send('deploy', { target: targetWith('true'), version: await aVersion() });
      const before = [identityOf(certPath), identityOf(keyPath)];

      const line = await host.send('deploy', { target: targetWith(reload), version: await aVersion() });

      expect(line).toMatchObject({ outcome: 'rejected', reason: 'PlanInvalid' });
      expect(line.summary).toContain(why);
      expect([identityOf(certPath), identityOf(keyPath)]).toEqual(before);
    },
  );
});
