import { beforeEach, describe, expect, test } from 'vitest';
import { CertferryError } from '../../core/errors.ts';
import { createHandler as warmHosts } from '../../lambdas/handlers/events/warm-hosts.ts';
import { type FakeRolloutServices, fakeRolloutServices } from '../fakes/rollout-services.ts';
import { warmInvocation } from '../fakes/warming.ts';

const [first, second] = ['i-00000000000000001', 'i-00000000000000002'];

let by: FakeRolloutServices;
beforeEach(() => {
  by = fakeRolloutServices();
});
const warm = (hosts: string[]) => warmHosts(by.warming)({ hosts });

describe('the function that warms hosts', () => {
  test('Each host gets a warm command, and its result has what it fetched and in which time', async () => {
    by.warming.cold.set(first, warmInvocation('agent runtime', 41)).set(second, warmInvocation('', 0));

    const { hosts } = await warm([first, second]);

    expect(hosts).toEqual([
      { host: first, outcome: 'warm', fetched: ['agent', 'runtime'], seconds: 41, summary: '' },
      { host: second, outcome: 'warm', fetched: [], seconds: 0, summary: '' },
    ]);
    expect(by.warming.saved).toEqual([first, second]);
  });

  test('A function that runs the agent gets no command', async () => {
    expect(await warm(['lambda'])).toEqual({ hosts: [] });
    expect(by.warming.sent).toEqual([]);
  });

  test('A warm command waits while too many commands wait to be sent', async () => {
    by.warming.cold.set(first, warmInvocation());
    let paced = 3;
    const waitForSlot = async () => {
      paced -= 1;
      if (paced > 0) throw new CertferryError('SendPaced', 'too many commands');
    };

    const { hosts } = await warmHosts({ ...by.warming, sendRate: { waitForSlot } })({ hosts: [first] });

    expect(hosts).toMatchObject([{ host: first, outcome: 'warm' }]);
    expect(by.warming.sent).toHaveLength(1);
  });

  test('An error of SSM is the result of its host, and the other hosts are warmed', async () => {
    by.warming.cold.set(second, warmInvocation());
    const send = async ({ host }: { readonly host: string }) => {
      if (host === first) throw new CertferryError('CommandUndeliverable', 'SSM cannot run the agent');
      return 'command';
    };

    const { hosts } = await warmHosts({ ...by.warming, commands: { ...by.warming.commands, send } })({
      hosts: [first, second],
    });

    expect(hosts).toMatchObject([
      { outcome: 'failed', summary: 'CommandUndeliverable: SSM cannot run the agent' },
      { outcome: 'warm' },
    ]);
    expect(by.warming.saved).toEqual([second]);
  });

  test('A document that does not know the job is named as what it is', async () => {
    by.warming.cold.set(first, {
      status: 'Success',
      exitCode: 0,
      output: '{"outcome":"rejected"}\n',
      errors: '',
    });

    const { hosts } = await warm([first]);

    expect(hosts).toMatchObject([
      { outcome: 'failed', summary: expect.stringContaining('deploy the stack again') },
    ]);
  });
});
