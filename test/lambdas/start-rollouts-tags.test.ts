import { beforeEach, describe, expect, test } from 'vitest';
import { RolloutRequest } from '../../core/rollout/rollout.ts';
import { createHandler } from '../../lambdas/handlers/events/start-rollouts.ts';
import { TriggerEvent } from '../../lambdas/triggers/trigger-events.ts';
import { type FakeCatalogue, fakeCatalogue, onGroup, onTags } from '../fakes/catalogue.ts';
import { type FakeExecutions, fakeExecutions } from '../fakes/executions.ts';
import { fakeNewHosts } from '../fakes/started-instances.ts';
import { fixture } from '../triggers/scope.ts';

const rolloutArn = 'arn:aws:states:eu-west-1:123456789012:stateMachine:certferry-rollout';
const host = 'i-0123456789abcdef0';
const web = { certferry: 'true', role: 'web' };
const withTags = (tags: Readonly<Record<string, string>> = web) => fakeNewHosts({ [host]: tags });

let executions: FakeExecutions;
beforeEach(() => {
  executions = fakeExecutions();
});

type Overrides = { detail?: object } & Record<string, unknown>;

/** The event of a running instance, changed where a test says so. */
function running({ detail = {}, ...rest }: Overrides = {}) {
  const event = fixture('instance-running');
  return TriggerEvent.parse({ ...event, ...rest, detail: { ...(event.detail as object), ...detail } });
}
const tagged = () => TriggerEvent.parse(fixture('instance-tagged'));

const announce = (event: TriggerEvent, catalogue: FakeCatalogue, hosts = fakeNewHosts()) =>
  createHandler({ catalogue, executions, rolloutArn, ...hosts })(event);

describe('StartRollouts, of an instance with tags', () => {
  test('An instance that starts with matching tags gets its certificates: one rollout for each, for this instance alone', async () => {
    const targets = [
      onTags('web', { certferry: 'true' }),
      onTags('admin', { role: 'web' }),
      onTags('mail', web, { certificate: 'mail.example.com' }),
      onTags('database', { role: 'database' }),
      onGroup('group', 'web'),
    ];

    const { summary } = await announce(running(), fakeCatalogue({ targets }), withTags());

    expect(executions.started.map(({ input }) => input)).toMatchObject([
      {
        certificate: 'api.example.com',
        only: { targets: ['web', 'admin'], hosts: [host] },
        urgent: true,
        reason: `EC2: ${host} is running`,
      },
      { certificate: 'mail.example.com', only: { targets: ['mail'], hosts: [host] } },
    ]);
    expect(summary).toMatch(/^api\.example\.com: started as .*; mail\.example\.com: started as /);
  });

  test('An instance gets the current version, or the latest one before the first rollout has finished', async () => {
    const targets = [onTags('web', web), onTags('mail', web, { certificate: 'mail.example.com' })];
    const catalogue = fakeCatalogue({ targets });
    catalogue.current.add('mail.example.com');

    await announce(running(), catalogue, withTags());

    expect(executions.started.map(({ input }) => input)).toMatchObject([
      { certificate: 'api.example.com', version: 'latest' },
      { certificate: 'mail.example.com', version: 'current' },
    ]);
  });

  test('Repeated events about one start of an instance start one rollout: the event of its state, its tags, and duplicates', async () => {
    const catalogue = fakeCatalogue({ targets: [onTags('web', web)] });

    for (const event of [tagged(), running(), running(), running({ id: 'another' })]) {
      await announce(event, catalogue, withTags());
    }

    expect(executions.started).toHaveLength(1);
  });

  test('A tag that an instance gets later starts a rollout for the target that it adds', async () => {
    const targets = [onTags('web', { certferry: 'true' }), onTags('admin', web)];
    await announce(running(), fakeCatalogue({ targets }), withTags({ certferry: 'true' }));
    await announce(
      tagged(),
      fakeCatalogue({ targets }),
      fakeNewHosts({ [host]: web }, new Set([`web.${host}`])),
    );

    expect(executions.started.map(({ input }) => input)).toMatchObject([
      { only: { targets: ['web'] } },
      { only: { targets: ['admin'] } },
    ]);
  });

  test('An instance that is started again starts nothing, because its targets have a deployment', async () => {
    const catalogue = fakeCatalogue({ targets: [onTags('web', web)] });

    const { summary } = await announce(
      running(),
      catalogue,
      fakeNewHosts({ [host]: web }, new Set([`web.${host}`])),
    );

    expect(summary).toBe(`nothing to do: the targets on ${host} have a deployment`);
    expect(executions.started).toEqual([]);
  });

  test('A burst of 50 new instances starts one rollout for each', async () => {
    const catalogue = fakeCatalogue({ targets: [onTags('web', web)] });
    const ids = Array.from({ length: 50 }, (_, at) => `i-${String(at).padStart(17, '0')}`);
    const hosts = fakeNewHosts(Object.fromEntries(ids.map((id) => [id, web])));

    await Promise.all(
      ids.map((id) => announce(running({ detail: { 'instance-id': id } }), catalogue, hosts)),
    );

    expect(new Set(executions.started.map(({ name }) => name)).size).toBe(50);
    const asked = executions.started.map(({ input }) => RolloutRequest.parse(input).only?.hosts);
    expect(asked.flat().sort()).toEqual(ids);
  });

  test.each([
    ['has terminated before the event arrives', fakeNewHosts(), `${host} is not running`],
    ['has no tag certferry=true', withTags({ role: 'web' }), `${host} does not have the tag certferry=true`],
    [
      'matches only some of the tags of a target',
      withTags({ certferry: 'true' }),
      `no target selects ${host} by its tags`,
    ],
  ])('An instance that %s starts nothing, and the reason is returned', async (_, hosts, reason) => {
    const catalogue = fakeCatalogue({ targets: [onTags('web', web)] });

    expect((await announce(running(), catalogue, hosts)).summary).toBe(`nothing to do: ${reason}`);
    expect(executions.started).toEqual([]);
  });

  test('An instance is matched by account and region besides its tags', async () => {
    const place = { account: '210987654321', region: 'eu-north-1' };
    const targets = [onTags('here', web), onTags('there', web, { host: place })];
    const there = `210987654321/eu-north-1/${host}`;

    await announce(running(place), fakeCatalogue({ targets }), fakeNewHosts({ [there]: web }));

    expect(executions.started.map(({ input }) => input)).toMatchObject([
      { only: { targets: ['there'], hosts: [there] } },
    ]);
  });

  test('StartRollouts fails if EC2 does not answer, so that Lambda repeats the event', async () => {
    const hosts = fakeNewHosts();
    hosts.instances.find = () => Promise.reject(new Error('Request limit exceeded'));

    await expect(announce(running(), fakeCatalogue({}), hosts)).rejects.toThrow('Request limit exceeded');
  });
});
