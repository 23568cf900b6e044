import { renameSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { aWorkplace } from './command.ts';

test('A rollback installs the previous version after its state folder was moved', async () => {
  const place = await aWorkplace();
  try {
    const [first, second] = [await place.issue(), await place.issue()];
    await place.deploy(first, '--state', 'earlier');
    await place.deploy(second, '--state', 'earlier');
    renameSync(join(place.folder, 'earlier'), join(place.folder, 'moved'));

    const rolledBack = await place.run(
      ...[
        'rollback',
        '--local',
        '--state',
        'moved',
        '--targets',
        'targets.json',
        '--target',
        'demo-server',
        '--json',
      ],
    );

    expect(JSON.parse(rolledBack.out)).toMatchObject({
      outcome: 'deployed',
      targets: [{ fingerprint: first.fingerprint }],
    });
  } finally {
    await place.stop();
  }
});
