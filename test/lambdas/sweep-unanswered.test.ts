import { beforeAll, describe, expect, test } from 'vitest';
import { agentLine } from '../../core/deployment/agent-line.ts';
import { CertferryError } from '../../core/errors.ts';
import { createHandler } from '../../lambdas/handlers/events/sweep.ts';
import { served } from '../core/tls-probe/endpoints.ts';
import { useEndpoints } from '../core/tls-probe/use-endpoints.ts';
import { aMailTarget, hostsSee, jobOf, serves } from '../fakes/scripted-hosts.ts';
import { aVersion, type IssuedCertificate } from '../fixtures/certificates.ts';
import { aSweptCertificate, hostA, hostB } from '../fixtures/sweep.ts';
import { useWorld } from '../fixtures/world.ts';

const endpoints = useEndpoints();

let own: ReturnType<typeof aSweptCertificate>;
useWorld((_, tables) => {
  own = aSweptCertificate(tables.documents);
});

let current: IssuedCertificate;
beforeAll(async () => {
  current = await aVersion();
});

/** A target on hostA, deployed to, that only its host can look at. */
const mail = (name: string, changes: object = {}) => aMailTarget(own, name, { version: current, ...changes });

async function onlyOne(world: ReturnType<typeof own.sweeping>) {
  const { targets } = await world.sweep();
  expect(targets).toHaveLength(1);
  return targets[0];
}

describe('a sweep without an answer', () => {
  const refused = new CertferryError('CommandUndeliverable', 'SSM will not run the agent on i-1');
  const throttled = Object.assign(new Error('Rate exceeded'), { name: 'ThrottlingException' });

  test.each([
    ['is refused', refused, /the command could not be sent \(CommandUndeliverable: SSM will not run/],
    ['is throttled', throttled, /the command could not be sent \(ThrottlingException: Rate exceeded\)/],
  ])(
    'A sweep continues and reports that it did not probe when the host answers that the command %s',
    async (_, error, summary) => {
      await mail('mail');
      const world = own.sweeping();
      world.commands.failNext(error, 'before');

      expect(await onlyOne(world)).toMatchObject({
        condition: 'not_probed',
        healing: false,
        notHealed: null,
        summary: expect.stringMatching(summary),
      });
    },
  );

  test('A sweep continues and reports that it did not probe when too many commands wait to be sent', async () => {
    await mail('mail');
    const world = own.sweeping();
    world.sendRate.refuseNext = new CertferryError('SendPaced', 'more commands wait');

    expect(await onlyOne(world)).toMatchObject({
      condition: 'not_probed',
      summary: expect.stringMatching(/SendPaced: more commands wait/),
    });
    expect(world.commands.sent).toEqual([]);
  });

  test('A sweep continues and reports that it did not probe when SSM cannot describe the host', async () => {
    await mail('mail');
    const world = own.sweeping();
    world.away.set(hostA, Object.assign(new Error('not allowed'), { name: 'AccessDenied' }));

    expect(await onlyOne(world)).toMatchObject({
      condition: 'not_probed',
      summary: expect.stringMatching(
        /the state of the host could not be determined \(AccessDenied: not allowed\)/,
      ),
    });
  });

  test.each([
    [
      'ends without a line',
      { status: 'Failed', errors: 'certferry bootstrap: could not fetch' },
      /ended with status Failed/,
    ],
    [
      'is about something else',
      { output: `${JSON.stringify(otherLine())}\n` },
      /ended with status Success and without a result/,
    ],
  ])(
    'A sweep continues and reports that it did not probe when the host answers that the command %s',
    async (_, invocation, summary) => {
      await mail('mail');
      const world = own.sweeping();
      world.commands.onSend = (commandId) => world.commands.end(commandId, invocation);

      expect(await onlyOne(world)).toMatchObject({
        condition: 'not_probed',
        summary: expect.stringMatching(summary),
      });
    },
  );

  test('A sweep continues and reports that it did not probe when the agent refuses, or has more to report than fits', async () => {
    const [late, much] = [await mail('late'), await mail('much', { host: hostB })];
    const world = own.sweeping();
    hostsSee(world.commands, () => null);
    const { onSend } = world.commands;
    world.commands.onSend = (commandId) => {
      const { deploymentId, targetId } = jobOf(world.commands, commandId).header;
      if (targetId !== late) return onSend(commandId);
      const summary = 'the job expired';
      const line = agentLine({ deploymentId, targetId, outcome: 'rejected', summary });
      world.commands.end(commandId, { output: JSON.stringify(line) });
    };

    const { targets } = await world.sweep();

    expect(Object.fromEntries(targets.map(({ targetId, summary }) => [targetId, summary]))).toEqual({
      [late]: 'its host did not probe: the job expired',
      [much]: 'the result of its host was too long',
    });
  });

  test('A sweep continues when a host does not answer, after four minutes of polling at growing intervals', async () => {
    await mail('mail');
    const world = own.sweeping();
    const asked: number[] = [];
    const begun = world.clock.now().getTime();
    const { readInvocation } = world.commands;
    world.commands.readInvocation = async (...command) => {
      asked.push((world.clock.now().getTime() - begun) / 1000);
      return readInvocation(...command);
    };

    expect(await onlyOne(world)).toMatchObject({
      condition: 'not_probed',
      summary: expect.stringMatching(/did not respond within 240 s \(command command-1-i-0a/),
    });
    expect(asked).toEqual([1, 3, 7, 15, 31, 47, 63, 79, 95, 111, 127, 143, 159, 175, 191, 207, 223, 239]);
  });
});

function otherLine() {
  return agentLine({ deploymentId: 'd-1', targetId: 'web', outcome: 'applied', summary: 's' });
}

describe('when time is up', () => {
  test('When time is up those whose hosts were not asked come first next time, though others after them were seen', async () => {
    const server = await endpoints.serve(served(current));
    const first = await own.registered('a', server.port);
    const asked = await mail('b');
    const last = await own.registered('c', server.port);
    const world = own.sweeping();
    const catalogue = { ...world.catalogue, targets: () => world.catalogue.targets(own.certificate) };
    // a minute before the end there is time for looks from here, and for no more commands
    const { installed, clock } = world;
    const slow = {
      ...installed,
      of: async (ids: readonly string[]) => {
        if (clock.now().getTime() === Date.parse('2026-11-22T12:00:00Z')) await world.sleep(605_000);
        return installed.of(ids);
      },
    };
    hostsSee(world.commands, () => serves(current));

    const report = await createHandler({ ...world, catalogue, installed: slow })({ heal: false });

    expect(report.reached).toBe(first);
    expect(report.targets.map(({ targetId }) => targetId).sort()).toEqual([first, last]);
    expect(world.commands.sent).toEqual([]);

    const next = await createHandler({ ...world, catalogue })({ heal: false });

    expect(next.reached).toBeNull();
    expect(next.targets.find(({ targetId }) => targetId === asked)?.condition).toBe('ok');
  });
});
