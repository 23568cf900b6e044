import { beforeEach, describe, expect, test } from 'vitest';
import { RolloutId } from '../../core/rollout/rollout.ts';
import { createHandler } from '../../lambdas/handlers/events/start-rollouts.ts';
import { TriggerEvent } from '../../lambdas/triggers/trigger-events.ts';
import { type FakeCatalogue, fakeCatalogue, onGroup } from '../fakes/catalogue.ts';
import { type FakeExecutions, fakeExecutions } from '../fakes/executions.ts';
import { fakeNewHosts } from '../fakes/started-instances.ts';
import { fixture } from '../triggers/scope.ts';

const rolloutArn = 'arn:aws:states:eu-west-1:123456789012:stateMachine:certferry-rollout';
const secretArn = 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:certferry/api-a1b2c3';
const secret = { kind: 'secretsmanager', secretId: secretArn } as const;

let executions: FakeExecutions;
beforeEach(() => {
  executions = fakeExecutions();
});

type Overrides = { detail?: object } & Record<string, unknown>;

/** An event of the fixtures, changed where a test says so. */
function anEvent(name: string, { detail = {}, ...rest }: Overrides = {}) {
  const event = fixture(name);
  return TriggerEvent.parse({ ...event, ...rest, detail: { ...(event.detail as object), ...detail } });
}

const announce = (event: TriggerEvent, catalogue: FakeCatalogue) =>
  createHandler({ catalogue, executions, rolloutArn, ...fakeNewHosts() })(event);

const names = () => executions.started.map(({ name }) => name);

describe('StartRollouts', () => {
  test('StartRollouts starts a rollout of each certificate that the place feeds', async () => {
    const catalogue = fakeCatalogue({
      feeds: [
        [secret, 'a.example.com'],
        [secret, '*.example.com'],
      ],
    });

    const said = await announce(anEvent('secret-label-updated'), catalogue);

    expect(names()).toEqual([
      expect.stringMatching(/^a-example-com-secret-/),
      expect.stringMatching(/^wildcard-example-com-secret-/),
    ]);
    expect(said.summary).toMatch(/^a\.example\.com: started as .*; \*\.example\.com: started as /);
  });

  test('StartRollouts starts nothing when no certificate is concerned, and returns the reason', async () => {
    const said = await announce(anEvent('secret-label-updated'), fakeCatalogue({}));

    expect(executions.started).toEqual([]);
    expect(said.summary).toMatch(
      /^nothing to do: no registered certificate has this source \(Secrets Manager: /,
    );
  });

  test('StartRollouts starts one execution for one change, however often it is announced', async () => {
    const catalogue = fakeCatalogue({ feeds: [[secret, 'a.example.com']] });

    await announce(anEvent('secret-label-updated'), catalogue);
    const said = await announce(anEvent('secret-label-updated', { id: 'delivered again' }), catalogue);

    expect(said.summary).toMatch(/^a\.example\.com: already started as /);
    expect(executions.started).toHaveLength(1);
  });

  test.each([
    ['another version', { detail: { versionId: 'v-2' } }],
    ['the same version again, later', { time: '2026-02-07T08:00:00Z' }],
  ])('StartRollouts starts another one for %s of a secret', async (_, overrides) => {
    const catalogue = fakeCatalogue({ feeds: [[secret, 'a.example.com']] });

    await announce(anEvent('secret-label-updated'), catalogue);
    await announce(anEvent('secret-label-updated', overrides), catalogue);

    expect(new Set(names()).size).toBe(2);
  });

  test('StartRollouts distinguishes two renewals of one ACM certificate, and not repetitions of one event', async () => {
    const certificateArn = String((fixture('acm-renewal').resources as string[])[0]);
    const catalogue = fakeCatalogue({ feeds: [[{ kind: 'acm', certificateArn }, 'a.example.com']] });
    const repeated = { id: 'another', time: '2026-03-23T18:43:48Z', detail: { DaysToExpiry: 197 } };
    const renewed = { detail: { CertificateExpirationDate: '2027-03-01T23:59:59Z' } };

    for (const overrides of [{}, repeated, renewed])
      await announce(anEvent('acm-renewal', overrides), catalogue);

    expect(names()).toHaveLength(2);
  });

  test('StartRollouts asks for the latest version, not the announced one, so that a late event brings nothing old back', async () => {
    const catalogue = fakeCatalogue({ feeds: [[secret, 'a.example.com']] });

    await announce(anEvent('secret-label-updated', { detail: { versionId: 'v-1' } }), catalogue);

    expect(executions.started[0]?.input).toMatchObject({ version: 'latest' });
  });

  test('StartRollouts tries every certificate before it fails, so that the retry has only what is left to do', async () => {
    const catalogue = fakeCatalogue({
      feeds: [
        [secret, 'a.example.com'],
        [secret, 'b.example.com'],
      ],
    });
    const flaky = {
      start: async (machineArn: string, name: string, input: unknown) => {
        if (name.startsWith('a-')) throw new Error('throttled');
        return executions.start(machineArn, name, input);
      },
    };
    const handle = createHandler({ ...fakeNewHosts(), catalogue, executions: flaky, rolloutArn });

    await expect(handle(anEvent('secret-label-updated'))).rejects.toThrow('throttled');

    expect(names()).toEqual([expect.stringMatching(/^b-example-com/)]);
  });

  test('StartRollouts gives executions names that Step Functions takes and logs, however long a certificate is named', async () => {
    const certificate = `*.${'long-label_'.repeat(20)}example.com`;
    const place = { kind: 'parameter', name: '/certificates/api.example.com' } as const;

    await announce(anEvent('parameter-update'), fakeCatalogue({ feeds: [[place, certificate]] }));

    expect(names().map((name) => RolloutId.safeParse(name).success)).toEqual([true]);
    expect(names()[0]).toMatch(/^[A-Za-z0-9-]{1,80}$/);
  });

  test('StartRollouts keeps a reason short enough for the rollout, however long a key is', async () => {
    const key = `live/${'k'.repeat(900)}`;
    const place = { kind: 's3', bucket: 'example-certificates', key } as const;
    const event = anEvent('s3-object-created', { detail: { object: { key } } });

    await announce(event, fakeCatalogue({ feeds: [[place, 'a.example.com']] }));

    expect(executions.started).toHaveLength(1);
  });

  test.each([
    ['aRN', { responseElements: { aRN: secretArn } }],
    ['ARN', { responseElements: { ARN: secretArn } }],
    ['serviceEventDetails', { responseElements: null, serviceEventDetails: { secretId: secretArn } }],
    ['requestParameters', { responseElements: null, requestParameters: { secretId: secretArn } }],
  ])('StartRollouts finds the secret wherever CloudTrail names it (%s)', async (_, detail) => {
    const catalogue = fakeCatalogue({ feeds: [[secret, 'a.example.com']] });

    await announce(anEvent('trail-put-secret-value', { detail }), catalogue);

    expect(executions.started).toHaveLength(1);
  });

  test('StartRollouts finds a secret that CloudTrail calls by its name only', async () => {
    const named = { kind: 'secretsmanager', secretId: 'certferry/api' } as const;
    const catalogue = fakeCatalogue({ feeds: [[named, 'a.example.com']] });

    await announce(anEvent('trail-put-secret-value', { detail: { responseElements: null } }), catalogue);

    expect(executions.started).toHaveLength(1);
  });

  test.each(['{"certificate":"a b"}', '{}', '{"certificate":"a.example.com","only":{"hosts":["local"]}}'])(
    'StartRollouts refuses an event of its own kind with missing or additional fields (%s)',
    (detail) => {
      const event = { ...fixture('certferry-version-available'), detail: JSON.parse(detail) };

      expect(TriggerEvent.safeParse(event).success).toBe(false);
    },
  );
});

describe('Announce, of a new instance', () => {
  const launched = (overrides: Overrides = {}) => anEvent('instance-launch-successful', overrides);

  test('A launched instance starts one rollout for each certificate, for its targets on that instance alone', async () => {
    const targets = [
      onGroup('web', 'web'),
      onGroup('mail', 'web', { certificate: 'mail.example.com' }),
      onGroup('elsewhere', 'other'),
    ];

    await announce(launched(), fakeCatalogue({ targets }));

    expect(executions.started.map(({ input }) => input)).toMatchObject([
      { certificate: 'api.example.com', only: { targets: ['web'], hosts: ['i-0123456789abcdef0'] } },
      { certificate: 'mail.example.com', only: { targets: ['mail'] } },
    ]);
  });

  test('A launched instance gets the current version, or the latest one where no rollout has succeeded yet', async () => {
    const targets = [onGroup('web', 'web'), onGroup('mail', 'web', { certificate: 'mail.example.com' })];
    const catalogue = fakeCatalogue({ targets });
    catalogue.current.add('mail.example.com');

    await announce(launched(), catalogue);

    expect(executions.started.map(({ input }) => input)).toMatchObject([
      { certificate: 'api.example.com', version: 'latest' },
      { certificate: 'mail.example.com', version: 'current' },
    ]);
  });

  test('A launched instance starts nothing when no target uses its group, and the reason is returned', async () => {
    const said = await announce(launched(), fakeCatalogue({}));

    expect(said.summary).toBe(
      'nothing to do: no target is registered on Auto Scaling group web in this account and region',
    );
  });

  test('A launched instance is matched by account and region besides the name of its group', async () => {
    const place = { account: '210987654321', region: 'eu-north-1' };
    const targets = [onGroup('here', 'web'), onGroup('there', 'web', { host: place })];

    await announce(launched(), fakeCatalogue({ targets }));
    await announce(launched({ ...place, detail: { ActivityId: 'another' } }), fakeCatalogue({ targets }));

    expect(executions.started.map(({ input }) => input)).toMatchObject([
      { only: { targets: ['here'], hosts: ['i-0123456789abcdef0'] } },
      { only: { targets: ['there'], hosts: ['210987654321/eu-north-1/i-0123456789abcdef0'] } },
    ]);
  });

  test('A launch into a warm pool starts nothing', async () => {
    const catalogue = fakeCatalogue({ targets: [onGroup('web', 'web')] });

    const said = await announce(launched({ detail: { Destination: 'WarmPool' } }), catalogue);

    expect(said.summary).toBe('nothing to do: i-0123456789abcdef0 went into a warm pool');
  });
});
