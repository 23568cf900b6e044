// The disk of a state folder is full before or during a deployment. A small file system in memory stands in for it.
import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeEach, expect, test } from 'vitest';
import { reserveName } from '../../local/base/space-reserve.ts';
import { openStateFolder } from '../../local/base/state-folder.ts';
import { openTables } from '../../local/dynamodb/open-tables.ts';
import { tableNames } from '../../local/dynamodb/stack-tables.ts';
import { fillCommand, fillDisk, smallDisk, unmountDisks } from '../agent-scripts/disk.ts';
import { aVersion } from '../fixtures/certificates.ts';
import { describeWith, program, root } from '../rigs/require-daemon.ts';
import { useLocalBackend } from './local-backend.ts';
import { scratch } from './scratch.ts';
import { deploying, makeStuck } from './served-target.ts';

const rig = useLocalBackend();
afterAll(unmountDisks);

describeWith([program('flock', 'util-linux'), root], 'the disk of a state folder', () => {
  /** The state folder of the rig, on a disk of its own. */
  beforeEach(() => void smallDisk(rig().stateDir, '40m'));

  /** Reloads the server of the rig, and fills the disk before. */
  const filling = () => {
    const target = rig().served.target();
    const [, signal = '', pid = ''] = (target.config as { reloadCommand: string[] }).reloadCommand;
    const script = `${fillCommand(rig().stateDir)}; kill ${signal} ${pid}`;
    return rig().served.target({ config: { reloadCommand: ['sh', '-c', script] } });
  };

  test('A deployment is refused before anything starts, with the free and the needed space, if 40 KiB are left', async () => {
    const { backend, first } = await rig().openEnrolled();
    fillDisk(rig().stateDir, 40_000);

    const deployment = backend.deploy(deploying(rig().served.target(), await aVersion()));

    await expect(deployment).rejects.toMatchObject({
      name: 'StateFolderFull',
      message: expect.stringMatching(
        /state folder \S+ has \d+ KiB free, and \d+ KiB are needed\. Nothing was started\. Free space on this disk/,
      ),
    });
    expect(readFileSync(rig().served.certPath, 'utf8')).toBe(first.certPem + first.chainPem);
    expect(await backend.history({ targetId: 'web-1' })).toHaveLength(1);
    rmSync(join(rig().stateDir, 'filler'));
    const { output } = await backend.deploy(deploying(rig().served.target(), await aVersion()));
    expect(output.outcome).toBe('deployed');
  });

  test('A deployment is verified and recorded, although the disk is full from its reload on', async () => {
    const { backend } = await rig().openEnrolled();
    const version = await aVersion();

    const { output, executionName } = await backend.deploy(deploying(filling(), version));

    expect(output.outcome).toBe('deployed');
    expect(readFileSync(rig().served.certPath, 'utf8')).toBe(version.certPem + version.chainPem);
    expect((await backend.history({ targetId: 'web-1' }))[0]).toMatchObject({ outcome: 'deployed' });
    expect(await backend.inspect(executionName)).toMatchObject({ status: 'SUCCEEDED' });
  });

  test('A deployment that is not served is rolled back and recorded, although the disk is full from its reload on', async () => {
    const { backend, first } = await rig().openEnrolled();
    makeStuck(rig().served);

    const { output } = await backend.deploy(deploying(filling(), await aVersion()));

    expect(output.outcome).toBe('rolled_back');
    expect(readFileSync(rig().served.certPath, 'utf8')).toBe(first.certPem + first.chainPem);
    expect((await backend.history({ targetId: 'web-1' }))[0]).toMatchObject({ outcome: 'rolled_back' });
  });
});

describeWith([root], 'a database on a full disk', () => {
  const put = (n: number) => ({
    TableName: tableNames.locks,
    Item: { pk: { S: `item-${n}` }, text: { S: 'x'.repeat(20_000) } },
  });

  test('A database on a full disk uses the reserved space once, and is then named with the folder, the space and the next step', () => {
    const folder = openStateFolder(smallDisk(join(scratch(), 'state'), '4m'));
    const engine = openTables({ path: folder.database });
    const reserve = join(folder.path, reserveName);
    fillDisk(folder.path, 1_200_000);
    rmSync(reserve, { force: true });
    // a reserve that is smaller than the usual one, so that the disk is full soon
    const small = Buffer.alloc(600_000);
    let written = 0;
    const writeAll = () => {
      for (; written < 200; written += 1) engine.execute('PutItem', put(written));
    };
    writeFileSync(reserve, small);

    expect(writeAll).toThrow(
      expect.objectContaining({
        name: 'StateFolderFull',
        message: expect.stringMatching(
          /state folder \S+ has \d+ KiB free, .* The database \S+ failed: .*full\. Free space on this disk/,
        ),
      }),
    );

    expect(statSync(reserve, { throwIfNoEntry: false })).toBeUndefined();
    rmSync(join(folder.path, 'filler'));
    engine.execute('PutItem', put(written));
    const key = { TableName: tableNames.locks, Key: { pk: { S: 'item-0' } } };
    expect(engine.execute('GetItem', key)).toMatchObject({ Item: { pk: { S: 'item-0' } } });
    engine.close();
  });
});
