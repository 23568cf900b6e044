import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  DescribeExecutionCommand,
  RedriveExecutionCommand,
  StartExecutionCommand,
} from '@aws-sdk/client-sfn';
import { describe, expect, test } from 'vitest';
import { executionArn, stateMachineArn } from '../../local/step-functions/arns.ts';
import type { ChildResult } from '../../local/step-functions/map-results.ts';
import { lambdasFor, useMapRigs } from './map-rigs.ts';
import { scratch } from './scratch.ts';
import { itemsFor, jsonAt, type MapRig, machineName } from './small-map.ts';

const openRig = useMapRigs();

const returnsTarget = `export const handler = async ({ item }) => item.target;`;
const wave = executionArn('wave', machineName);

/** A function that notes each call in a file, and does not return while a gate is closed. */
function noting(then: string) {
  const [notes, gate] = [join(scratch(), 'notes'), join(scratch(), 'gate')];
  appendFileSync(notes, '');
  const source = `import { appendFileSync, existsSync } from 'node:fs';
export const handler = async (event) => {
  appendFileSync(${JSON.stringify(notes)}, (event.item?.target.id ?? 'after') + '\\n');
  const open = () => existsSync(${JSON.stringify(gate)});
  ${then}
};`;
  const noted = () => readFileSync(notes, 'utf8').split('\n').filter(Boolean);
  return { source, noted, openGate: () => writeFileSync(gate, '') };
}

const run = async ({ executions, objects }: MapRig, ids: readonly string[] = ['web-1']) =>
  executions.run('wave', await itemsFor(objects, ids), () => undefined, machineName);

describe('a redrive', () => {
  test('A redrive continues in the failed state, with its input, as the same execution', async () => {
    const onItem = noting('return event.item.target;');
    const after = `export const handler = async (event) => {
  if (event.redriveCount < 2) throw Object.assign(new Error('not yet'), { name: 'RolloutHalted' });
  return event;
};`;
    const rig = await openRig({ onItem: onItem.source, after });
    const failed = await run(rig);
    const states: (string | undefined)[] = [];

    await (await rig.executions.redrive(wave)).ended;
    const { ended } = await rig.executions.redrive(wave, ({ type, state }) => {
      if (type === 'StateEntered') states.push(state?.name);
    });
    const { status, output } = await ended;

    expect([failed.status, failed.error, status]).toEqual(['FAILED', 'RolloutHalted', 'SUCCEEDED']);
    expect(states).toEqual(['After', 'Done']);
    expect(onItem.noted()).toEqual(['web-1']);
    const input = {
      items: { bucket: 'a-bucket', key: 'wave-1/items.json' },
      prefix: 'wave-1/results',
      atOnce: 0,
    };
    expect(output).toMatchObject({
      redriveCount: 2,
      input,
      state: { ...input, deployed: { MapRunArn: expect.any(String) } },
    });
    const { startDate, ...described } = await rig.client.send(
      new DescribeExecutionCommand({ executionArn: wave }),
    );
    expect(described).toMatchObject({ status: 'SUCCEEDED', redriveCount: 2 });
    expect((output as { startedAt: string }).startedAt).toBe(startDate?.toISOString());
    expect(rig.executions.find(wave)?.events.filter(({ type }) => type === 'ExecutionStarted')).toHaveLength(
      1,
    );
  });

  test('A redrive is refused for a running, a succeeded and an unknown execution', async () => {
    const onItem = noting('while (!open()) await new Promise((go) => setTimeout(go, 10)); return {};');
    const rig = await openRig({ onItem: onItem.source });
    const redriving = (executionArn: string) =>
      rig.client.send(new RedriveExecutionCommand({ executionArn }));
    const running = run(rig);
    while (onItem.noted().length === 0) await sleep(10);

    await expect(redriving(wave)).rejects.toMatchObject({ name: 'ExecutionNotRedrivable' });
    onItem.openGate();
    await running;
    await expect(redriving(wave)).rejects.toMatchObject({ name: 'ExecutionNotRedrivable' });
    await expect(redriving(executionArn('nobody', machineName))).rejects.toMatchObject({
      name: 'ExecutionDoesNotExist',
    });
  });

  test('A redrive of a wave whose process was killed runs again only what had not succeeded', {
    timeout: 600_000,
  }, async () => {
    const folder = scratch();
    const ids = ['web-1', 'web-2', 'stuck-1', 'web-3', 'stuck-2', 'web-4'];
    const onItem = noting(
      `while (event.item.target.id.startsWith('stuck') && !open()) await new Promise((go) => setTimeout(go, 10)); return event.item.target;`,
    );
    const lambdas = lambdasFor({ onItem: onItem.source });
    const child = spawn(
      process.execPath,
      [join(import.meta.dirname, 'map-forever.ts'), folder, lambdas, ...ids],
      {
        stdio: ['ignore', 'inherit', 'inherit'],
      },
    );
    // two at a time: both are stuck in the end, and web-4 has not begun
    while (!onItem.noted().includes('stuck-2')) await sleep(10);
    child.kill('SIGKILL');
    await once(child, 'exit');
    const before = onItem.noted();
    onItem.openGate();

    const rig = await openRig({ folder, onItem: onItem.source });
    await rig.executions.endAbandonedExecutions();
    const dead = rig.executions.find(wave);
    const { ended } = await rig.executions.redrive(wave);
    const { status, events } = await ended;

    expect(dead?.status).toBe('ABORTED');
    expect(before).toEqual(['web-1', 'web-2', 'stuck-1', 'web-3', 'stuck-2']);
    expect(onItem.noted().slice(before.length).sort()).toEqual(['stuck-1', 'stuck-2', 'web-4']);
    expect(status).toBe('SUCCEEDED');
    const runs = rig.executions.find(wave)?.events.filter(({ mapRunArn }) => mapRunArn !== undefined);
    expect(runs?.map(({ type }) => type)).toEqual(['MapRunStarted', 'MapRunRedriven']);
    expect(new Set(runs?.map(({ mapRunArn }) => mapRunArn)).size).toBe(1);
    const results = `wave-1/results/${runs?.[0]?.mapRunArn?.split(':').at(-1)}`;
    const inFile = async (name: string) => {
      const children = (await jsonAt(rig.objects, `${results}/${name}_0.json`)) as ChildResult[];
      return children.map(({ Status, Input }) => [Status, JSON.parse(Input).target.id]).sort();
    };
    expect(await inFile('FAILED')).toEqual([
      ['ABORTED', 'stuck-1'],
      ['ABORTED', 'stuck-2'],
    ]);
    expect(await inFile('SUCCEEDED')).toEqual([...ids].sort().map((id) => ['SUCCEEDED', id]));
    expect(events.at(-1)?.type).toBe('ExecutionSucceeded');
    expect(rig.endings.map(({ status: how }) => how)).toEqual([
      ...['ABORTED', 'ABORTED', 'ABORTED'],
      ...['SUCCEEDED', 'SUCCEEDED', 'SUCCEEDED', 'SUCCEEDED'],
    ]);
  });
});

describe('StartExecution', () => {
  const start = ({ client }: MapRig, name: string, input: object) =>
    client.send(
      new StartExecutionCommand({
        stateMachineArn: stateMachineArn(machineName),
        name,
        input: JSON.stringify(input),
      }),
    );

  test('StartExecution of the same name and input while it runs is the same execution; otherwise the name is taken', async () => {
    const onItem = noting('while (!open()) await new Promise((go) => setTimeout(go, 10)); return {};');
    const rig = await openRig({ onItem: onItem.source });
    const input = await itemsFor(rig.objects, ['web-1']);
    const first = await start(rig, 'wave', input);

    const again = await start(rig, 'wave', input);

    expect(again).toMatchObject({ executionArn: first.executionArn, startDate: first.startDate });
    await expect(start(rig, 'wave', {})).rejects.toMatchObject({ name: 'ExecutionAlreadyExists' });
    onItem.openGate();
    while (rig.executions.find(wave)?.status === 'RUNNING') await sleep(10);
    await expect(start(rig, 'wave', input)).rejects.toMatchObject({ name: 'ExecutionAlreadyExists' });
    expect(onItem.noted()).toEqual(['web-1']);
  });

  test('StartExecution knows the machines of the stack only', async () => {
    const rig = await openRig({ onItem: returnsTarget });
    const unknown = new StartExecutionCommand({ stateMachineArn: stateMachineArn('nobody'), input: '{}' });

    await expect(rig.client.send(unknown)).rejects.toMatchObject({ name: 'StateMachineDoesNotExist' });
  });
});
