import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { describeWith, program } from '../rigs/require-daemon.ts';
import { scratchFolder } from './disk.ts';
import { testHost } from './run-agent.ts';

const scratch = scratchFolder();

describeWith([program('flock', 'util-linux')], 'an agent in the state folder of local mode', () => {
  test('An agent removes its own temporary files, and leaves those that local mode is writing in the same folder', async () => {
    const home = join(scratch, 'home');
    const own = [join(home, 'keys.json.next'), join(home, 'targets/web-1/fence.next')];
    const local = join(home, 'hosts/local/keys.json.next');
    for (const folder of ['targets/web-1', 'hosts/local']) {
      mkdirSync(join(home, folder), { recursive: true, mode: 0o700 });
    }
    for (const path of [...own, local]) writeFileSync(path, '', { mode: 0o600 });

    await testHost(home).send('enroll', { header: { fence: 0 } });

    expect(own.filter(existsSync)).toEqual([]);
    expect(existsSync(local)).toBe(true);
  });
});
