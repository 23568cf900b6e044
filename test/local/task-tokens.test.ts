import { SendTaskFailureCommand, SendTaskSuccessCommand } from '@aws-sdk/client-sfn';
import { describe, expect, test } from 'vitest';
import { givesAwayToken, oneTask, open, run, tokensGivenAway, waiting } from './small-machine.ts';

describe('a task that waits for its token', () => {
  test('A task that waits for its token ends with what comes with the token, and takes one answer only', async () => {
    const rig = await open(oneTask(waiting), givesAwayToken());
    const answer = (taskToken: string) =>
      rig.client.send(new SendTaskSuccessCommand({ taskToken, output: '{"outcome":"applied"}' }));

    const { output, tokens } = await run(rig, answer);

    expect(output).toEqual({ outcome: 'applied' });
    await expect(answer(tokens[0] ?? '')).rejects.toMatchObject({ name: 'TaskTimedOut' });
    await expect(answer('never-given-out')).rejects.toMatchObject({ name: 'TaskDoesNotExist' });
  });

  test('A task that waits for its token may be answered before its function has returned', async () => {
    const rig = await open(
      oneTask(waiting),
      givesAwayToken('await new Promise((go) => setTimeout(go, 300));'),
    );

    const { output } = await run(rig, (taskToken) =>
      rig.client.send(new SendTaskSuccessCommand({ taskToken, output: '1' })),
    );

    expect(output).toBe(1);
  });

  test('A task that waits for its token fails with the error and cause of SendTaskFailure', async () => {
    const rig = await open(oneTask(waiting), givesAwayToken());

    const { output } = await run(rig, (taskToken) =>
      rig.client.send(new SendTaskFailureCommand({ taskToken, error: 'HostLost', cause: 'silence' })),
    );

    expect(output).toEqual({ Error: 'HostLost', Cause: 'silence' });
  });

  test('A task that waits for its token times out, and its token is dead', async () => {
    const rig = await open(oneTask({ ...waiting, TimeoutSeconds: 1 }), givesAwayToken());

    const { output } = await run(rig);

    expect(output).toMatchObject({ Error: 'States.Timeout' });
    await expect.poll(tokensGivenAway).toHaveLength(1);
    const taskToken = tokensGivenAway()[0] ?? '';
    const late = rig.client.send(new SendTaskSuccessCommand({ taskToken, output: '1' }));
    await expect(late).rejects.toMatchObject({ name: 'TaskTimedOut' });
  });

  test('A task that waits for its token gets a fresh token for each attempt; the one before is dead', async () => {
    const machine = oneTask({
      ...waiting,
      Retry: [{ ErrorEquals: ['Again'], IntervalSeconds: 1, MaxAttempts: 1 }],
    });
    const rig = await open(machine, givesAwayToken());
    const seen: string[] = [];

    const { output, tokens } = await run(rig, async (taskToken) => {
      seen.push(taskToken);
      if (seen.length === 1) {
        await rig.client.send(new SendTaskFailureCommand({ taskToken, error: 'Again' }));
      } else {
        await expect(
          rig.client.send(new SendTaskSuccessCommand({ taskToken: seen[0] ?? '', output: '1' })),
        ).rejects.toMatchObject({ name: 'TaskTimedOut' });
        await rig.client.send(new SendTaskSuccessCommand({ taskToken, output: '2' }));
      }
    });

    expect(output).toBe(2);
    expect(new Set(tokens).size).toBe(2);
  });
});
