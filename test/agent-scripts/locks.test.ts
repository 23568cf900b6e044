import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, lstatSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { aVersion } from '../fixtures/certificates.ts';
import { describeWith, program, root } from '../rigs/require-daemon.ts';
import { scratchFolder } from './disk.ts';
import { aTarget, testHost } from './run-agent.ts';

const scratch = scratchFolder();

describeWith(
  [root, program('flock', 'util-linux'), program('setpriv', 'util-linux')],
  'locks of the agent',
  () => {
    test('Another user who locks the destination folder blocks neither a deployment nor its undo', async () => {
      chmodSync(scratch, 0o755);
      const tls = join(scratch, 'tls');
      mkdirSync(tls, { mode: 0o755 });
      const [certPath, keyPath] = [join(tls, 'cert.pem'), join(tls, 'key.pem')];
      const target = aTarget('files', { certPath, keyPath, reloadCommand: ['true'] });
      const host = testHost(join(scratch, 'agent'));
      const asOther = ['--reuid=1', '--regid=1', '--clear-groups', '--'];
      const holder = spawn(
        'setpriv',
        [...asOther, 'flock', '-s', tls, 'sh', '-c', 'echo locked; read line'],
        {
          stdio: ['pipe', 'pipe', 'inherit'],
        },
      );
      await once(holder.stdout, 'data');

      const deployed = await host.send('deploy', { target, version: await aVersion() });
      const undone = await host.send('undo', { target, header: { deploymentId: deployed.deploymentId } });

      expect(holder.exitCode).toBeNull();
      expect([deployed.outcome, undone.outcome]).toEqual(['applied', 'restored']);
      holder.stdin.end();
      await once(holder, 'exit');
    });

    test('Only root can open the locks of an agent that runs as root', async () => {
      const { mode, uid } = lstatSync('/run/certferry');

      expect([mode & 0o7777, uid]).toEqual([0o700, 0]);
    });
  },
);
