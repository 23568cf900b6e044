import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { aVersion } from '../fixtures/certificates.ts';
import { describeWith, program, root } from '../rigs/require-daemon.ts';
import { filesBelow, fingerprintOfFile, pairMatches, scratchFolder } from './disk.ts';
import { type Call, fileChangingCalls, killAt, recordTo } from './file-changing-calls.ts';
import { filesOfCertbot } from './files-of-certbot.ts';

const scratch = scratchFolder();
let count = 0;

/** The renames of journal, live files and receipts. Those before them concern no files of the target. */
function renamesIn(trace: string, folder: string): Call[] {
  return fileChangingCalls(trace, folder).filter(
    ({ name, text }) => name.startsWith('rename') && !/accepted-jobs|keys\.json|fence/.test(text),
  );
}

describeWith(
  [program('flock', 'util-linux'), program('strace'), root],
  'a killed deployment in place',
  () => {
    test('The files keep the new version after a kill at every rename of a deployment in place, and the previous one can be installed.', async () => {
      const [first, second] = [await aVersion(), await aVersion()];
      const { folder, lineage, host, target } = await filesOfCertbot(join(scratch, `${++count}`), first);
      const job = { target, version: second };
      lineage.renew(second);
      const trace = join(folder, 'trace');
      await host.run('deploy', job, recordTo(trace));
      const calls = renamesIn(trace, folder);
      expect(calls.length).toBeGreaterThan(4);
      expect((await host.send('rollback', { target })).version?.fingerprint).toBe(first.fingerprint);

      for (const call of calls) {
        lineage.renew(second);
        await host.run('deploy', job, killAt(call));
        await host.send('inspect', { target });
        expect([fingerprintOfFile(lineage.certPath), call.text]).toEqual([second.fingerprint, call.text]);
        expect(pairMatches(lineage.certPath, lineage.keyPath)).toBe(true);
        expect(filesBelow(folder).filter((name) => name.includes('.certferry-'))).toEqual([]);

        await host.send('deploy', job);
        const back = await host.send('rollback', { target });
        expect([back.version?.fingerprint, call.text]).toEqual([first.fingerprint, call.text]);
        expect(pairMatches(lineage.certPath, lineage.keyPath)).toBe(true);
      }
    });

    test('The new version is not lost after a kill at every rename of its undo, and the next run restores the previous one.', async () => {
      const [first, second] = [await aVersion(), await aVersion()];
      const { folder, lineage, host, target } = await filesOfCertbot(join(scratch, `${++count}`), first);
      const deployInPlace = async (): Promise<string> => {
        lineage.renew(second);
        return (await host.send('deploy', { target, version: second })).deploymentId;
      };
      const trace = join(folder, 'trace');
      await host.run('undo', { target, header: { deploymentId: await deployInPlace() } }, recordTo(trace));
      const calls = renamesIn(trace, folder);
      expect(calls.length).toBeGreaterThan(3);

      for (const call of calls) {
        const deploymentId = await deployInPlace();
        await host.run('undo', { target, header: { deploymentId } }, killAt(call));
        await host.send('undo', { target, header: { deploymentId } });

        expect([fingerprintOfFile(lineage.certPath), call.text]).toEqual([first.fingerprint, call.text]);
        expect(pairMatches(lineage.certPath, lineage.keyPath)).toBe(true);
        const copies = join(host.home, 'targets/web-1/copies', deploymentId);
        const keys = filesBelow(copies).filter((name) => name.includes('privkey'));
        expect(keys.map((name) => readFileSync(join(copies, name), 'utf8'))).toEqual([second.keyPem]);
      }
    });
  },
);
