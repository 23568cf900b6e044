import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { DescribeExecutionCommand } from '@aws-sdk/client-sfn';
import { describe, expect, test } from 'vitest';
import { executionArn, readExecutionArn } from '../../local/step-functions/arns.ts';
import { useMapRigs } from './map-rigs.ts';
import { scratch } from './scratch.ts';
import { itemsFor, jsonAt, type MapRig, machineName } from './small-map.ts';

const refusesSecond = `
export const handler = async ({ item, execution, name, machine }) => {
  if (item.target.id === 'web-2') throw Object.assign(new Error('no'), { name: 'Refused' });
  return { id: item.target.id, execution, name, machine };
};`;

const openRig = useMapRigs();

interface Answer {
  readonly state: {
    readonly deployed: { readonly MapRunArn: string; readonly ResultWriterDetails: { readonly Key: string } };
    readonly failure?: { readonly Error: string };
  };
}

const runWave = async (rig: MapRig, ids: readonly string[], atOnce?: number) => {
  const ended = await rig.executions.run(
    'wave',
    await itemsFor(rig.objects, ids, atOnce),
    () => undefined,
    machineName,
  );
  return { ...ended, answer: (ended.output as Answer).state };
};

describe('a Distributed Map', () => {
  test('A Distributed Map runs each item as an execution of its own, and one that fails stops no other', async () => {
    const rig = await openRig({ onItem: refusesSecond });

    const { answer, status } = await runWave(rig, ['web-1', 'web-2', 'web-3'], 1);

    expect(status).toBe('SUCCEEDED');
    const { MapRunArn, ResultWriterDetails } = answer.deployed;
    expect(MapRunArn).toMatch(
      /^arn:aws:states:us-east-1:000000000000:mapRun:certferry-rollout\/Wave:[0-9a-f-]{36}$/,
    );
    const folder = `wave-1/results/${MapRunArn.split(':').at(-1)}`;
    expect(ResultWriterDetails).toEqual({ Bucket: 'a-bucket', Key: `${folder}/manifest.json` });
    expect(await jsonAt(rig.objects, `${folder}/manifest.json`)).toEqual({
      DestinationBucket: 'a-bucket',
      MapRunArn,
      ResultFiles: {
        FAILED: [{ Key: `${folder}/FAILED_0.json`, Size: expect.any(Number) }],
        PENDING: [],
        SUCCEEDED: [{ Key: `${folder}/SUCCEEDED_0.json`, Size: expect.any(Number) }],
      },
    });
    expect(await jsonAt(rig.objects, `${folder}/FAILED_0.json`)).toMatchObject([
      {
        Status: 'FAILED',
        Error: 'Refused',
        Input: '{"target":{"id":"web-2"}}',
        OutputDetails: { Included: false },
      },
    ]);
  });

  test('A Distributed Map gives a child its own name, ARN, machine and record, and its end is published', async () => {
    const folder = scratch();
    const rig = await openRig({ folder, onItem: refusesSecond });

    const { answer } = await runWave(rig, ['web-1']);

    const results = `wave-1/results/${answer.deployed.MapRunArn.split(':').at(-1)}/SUCCEEDED_0.json`;
    const [child] = (await jsonAt(rig.objects, results)) as {
      Name: string;
      ExecutionArn: string;
      Output: string;
    }[];
    const name = child?.Name ?? '';
    expect(name).toMatch(/^web-1-\d{8}T\d{6}-[0-9a-f]{8}$/);
    expect(child?.ExecutionArn).toBe(executionArn(name, 'certferry-rollout/Wave'));
    expect(JSON.parse(child?.Output ?? '')).toEqual({
      id: 'web-1',
      name,
      execution: child?.ExecutionArn,
      machine: 'arn:aws:states:us-east-1:000000000000:stateMachine:certferry-rollout/Wave',
    });
    expect(
      await rig.client.send(new DescribeExecutionCommand({ executionArn: child?.ExecutionArn })),
    ).toMatchObject({
      status: 'SUCCEEDED',
      mapRunArn: answer.deployed.MapRunArn,
      input: '{"target":{"id":"web-1"}}',
    });
    expect(rig.endings).toEqual([
      { machine: 'certferry-rollout/Wave', name, status: 'SUCCEEDED' },
      { machine: machineName, name: 'wave', status: 'SUCCEEDED' },
    ]);
    expect(readdirSync(join(folder, 'executions/running'))).toEqual([]);
  });

  test.each([
    ['the map allows', { atOnce: 3, childrenAtOnce: 10 }, 3],
    ['this machine takes', { atOnce: 0, childrenAtOnce: 2 }, 2],
  ])(
    'A Distributed Map has no more children at a time than %s',
    async (_, { atOnce, childrenAtOnce }, most) => {
      const onItem = `let now = 0, most = 0;
export const handler = async () => { now += 1; most = Math.max(most, now); await new Promise((go) => setTimeout(go, 20)); now -= 1; return { most }; };`;
      const rig = await openRig({ onItem, childrenAtOnce });
      const ids = Array.from({ length: 12 }, (_one, index) => `web-${index}`);

      const { answer } = await runWave(rig, ids, atOnce);

      const results = `wave-1/results/${answer.deployed.MapRunArn.split(':').at(-1)}/SUCCEEDED_0.json`;
      const children = (await jsonAt(rig.objects, results)) as { Output: string }[];
      expect(children).toHaveLength(12);
      expect(Math.max(...children.map(({ Output }) => JSON.parse(Output).most))).toBe(most);
    },
  );

  test('A Distributed Map is caught like any state when its items cannot be read', async () => {
    const rig = await openRig({ onItem: refusesSecond });
    const input = { items: { bucket: 'a-bucket', key: 'not-there.json' }, prefix: 'results', atOnce: 1 };

    const { output } = await rig.executions.run('wave', input, () => undefined, machineName);

    expect((output as Answer).state.failure).toEqual({
      Error: 'States.ItemReaderFailed',
      Cause: 'there is no object not-there.json in bucket a-bucket',
    });
  });

  test('The history of a Distributed Map contains its run beside the events of its children', async () => {
    const rig = await openRig({ onItem: refusesSecond });
    const entered: Record<string, (string | undefined)[]> = {};

    const { events } = await rig.executions.run(
      'wave',
      await itemsFor(rig.objects, ['web-1', 'web-2']),
      ({ type, state }, { name }) => {
        if (type === 'StateEntered') entered[name] = [...(entered[name] ?? []), state?.name];
      },
      machineName,
    );

    expect(
      events.filter(({ state }) => state?.name === 'Wave').map(({ type, state }) => [type, state?.type]),
    ).toEqual([
      ['StateEntered', 'Map'],
      ['MapRunStarted', 'Map'],
      ['StateExited', 'Map'],
    ]);
    const { wave, ...children } = entered;
    expect(wave).toEqual(['Wave', 'After', 'Done']);
    expect(Object.values(children).sort()).toEqual([['HandleItem'], ['HandleItem', 'Handled']]);
  });

  test('A Distributed Map ends its children when its execution is stopped, and begins no other', async () => {
    const onItem = 'export const handler = () => new Promise(() => undefined);';
    const rig = await openRig({ onItem, childrenAtOnce: 2 });
    const begun = new Set<string>();
    const input = await itemsFor(rig.objects, ['web-1', 'web-2', 'web-3']);

    const ended = await rig.executions.run(
      'wave',
      input,
      (_event, { arn }) => {
        if (readExecutionArn(arn)?.machine !== machineName) begun.add(arn);
        if (begun.size === 2) rig.executions.abort(executionArn('wave', machineName));
      },
      machineName,
    );
    await rig.executions.close();

    expect(ended.status).toBe('ABORTED');
    expect(begun.size).toBe(2);
    expect(rig.endings.map(({ status }) => status)).toEqual(['ABORTED', 'ABORTED', 'ABORTED']);
  });
});
