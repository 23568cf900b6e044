import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { scratchFolder } from './disk.ts';
import { testHost } from './run-agent.ts';

const scratch = scratchFolder();
let count = 0;

function aHost() {
  const folder = join(scratch, `h-${++count}`);
  const log = join(scratch, `log-${count}`);
  const append = (text: string) => ['/bin/sh', '-c', `echo ${text} >> ${log}`];
  return { host: testHost(folder), append, ran: () => readFileSync(log, 'utf8').split('\n').filter(Boolean) };
}

test('The agent runs each command of onDeployed in order, also after one has failed, and reports the failure as a warning', async () => {
  const { host, append, ran } = aHost();

  const line = await host.send('onDeployed', {
    commands: [append('one'), ['/bin/sh', '-c', 'echo broken >&2; exit 3'], append('two')],
  });

  expect(ran()).toEqual(['one', 'two']);
  expect(line).toMatchObject({ outcome: 'commands_run', summary: '2 of 3 commands succeeded' });
  expect(line.warnings).toEqual([expect.stringMatching(/^onDeployed: \/bin\/sh .* exited with 3: broken$/)]);
});

test('The agent runs the commands of a deployment once, although the job is sent twice', async () => {
  const { host, append, ran } = aHost();
  const job = { commands: [append('one')], header: { deploymentId: 'd-same', fence: 5 } };
  await host.send('onDeployed', job);

  const repeated = await host.send('onDeployed', job);
  await host.send('onDeployed', { ...job, header: { deploymentId: 'd-next', fence: 6 } });

  expect(ran()).toEqual(['one', 'one']);
  expect(repeated.warnings).toEqual([expect.stringContaining('they did not run again')]);
});

test('The agent refuses the commands of a deployment that a later one has replaced', async () => {
  const { host, append, ran } = aHost();
  await host.send('onDeployed', { commands: [append('later')], header: { fence: 7 } });

  const late = await host.send('onDeployed', { commands: [append('earlier')], header: { fence: 6 } });

  expect(late).toMatchObject({ outcome: 'rejected', reason: 'StaleFence' });
  expect(ran()).toEqual(['later']);
});

test('The output of a command of onDeployed is bounded', async () => {
  const { host } = aHost();

  const { warnings } = await host.send('onDeployed', {
    commands: [['/bin/sh', '-c', 'seq 1 100000; exit 1']],
  });

  expect(warnings).toHaveLength(1);
  expect(Buffer.byteLength(warnings[0] ?? '')).toBeLessThanOrEqual(600);
});
