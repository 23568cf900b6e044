import { randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { shortFingerprint } from '../../core/certificate/describe.ts';
import { executionPageOf } from '../../core/console-link.ts';
import { aBegunRollout } from '../fixtures/begun-rollout.ts';
import { facts, fingerprint } from '../fixtures/factories.ts';
import { committed, type RecordingCall, record } from '../fixtures/recording-calls.ts';
import { probeResult, pushResult } from '../fixtures/results.ts';
import { useWorld, type World } from '../fixtures/world.ts';

let world: World;
useWorld((made) => {
  world = made;
});

describe('a failed rollback', () => {
  const failed = fingerprint('new');
  const observations = [
    { address: '10.0.0.7:443', fingerprint: failed, ok: false, problem: null },
    { address: '[fd00::7]:443', fingerprint: null, ok: false, problem: 'no answer' },
  ];
  const repair = {
    files: [{ path: '/etc/nginx/tls/fullchain.pem', backup: '/var/lib/certferry/b/0' }],
    commands: ['cp -p /var/lib/certferry/b/0 /etc/nginx/tls/fullchain.pem', 'systemctl reload nginx'],
  };

  async function stranded(): Promise<RecordingCall> {
    const target = {
      id: `fleet-${randomUUID().slice(0, 8)}.i-0123456789abcdef0`,
      host: 'i-0123456789abcdef0',
    };
    const ended = await committed(world, { target, rollout: await aBegunRollout(world) });
    const rollback = pushResult({ outcome: 'rollback_failed', summary: 'the backup is gone', repair });
    const restored = probeResult({ attempt: 2, summary: 'not served', observations });
    return { ...ended, path: 'rollback_failed', state: { ...ended.state, rollback, restored } };
  }

  test('RecordOutcome notifies operators of a failed rollback with what is live, and the commands word for word', async () => {
    const ended = await stranded();

    const { summary } = await record(world, ended);

    const { id } = ended.request.target;
    const [registered] = id.split('.');
    expect(world.sentMessages).toEqual([
      {
        subject: `Manual action required: rollback failed: ${id} on i-0123456789abcdef0`,
        text: [
          `Target:      ${id}`,
          'Host:        i-0123456789abcdef0',
          `Certificate: api.example.com, version ${shortFingerprint(failed)}`,
          '',
          'Served now:',
          `  10.0.0.7:443 serves ${shortFingerprint(failed)}, the version of this deployment`,
          '  [fd00::7]:443: no answer',
          '',
          'Run on the host:',
          '  cp -p /var/lib/certferry/b/0 /etc/nginx/tls/fullchain.pem',
          '  systemctl reload nginx',
          '(the previous /etc/nginx/tls/fullchain.pem is kept as /var/lib/certferry/b/0)',
          '',
          `Deploy a working version once the host is repaired:  certferry deploy --stack Certferry --region eu-west-1 --certificate api.example.com --target ${registered}`,
          `Show the details:  certferry inspect --stack Certferry --region eu-west-1 ${ended.execution.name}`,
          `Print these commands again (field "repair"):  certferry history --stack Certferry --region eu-west-1 --target ${id} --json`,
          '',
          'Why: the backup is gone',
          '',
          `Deployment: ${ended.execution.name}`,
          `Rollout: ${ended.state.deployment.rollout}`,
          `Execution: ${executionPageOf(ended.execution.id)}`,
        ].join('\n'),
      },
    ]);
    expect(summary).toContain('on the host, run: cp -p');
  });

  test('RecordOutcome notifies operators again when it is repeated, because the first call may have notified none', async () => {
    const ended = await stranded();

    await record(world, ended);
    await record(world, ended);

    expect(world.sentMessages).toHaveLength(2);
    expect(world.sentMessages[1]).toEqual(world.sentMessages[0]);
  });

  test.each([
    [
      { rollback: null, failure: { Error: 'States.Timeout', Cause: '' } },
      'unknown, no probe was made after the rollback.',
    ],
    [
      { rollback: pushResult({ outcome: 'rollback_failed', served: false }) },
      'according to the host, the previous leaf is not served.',
    ],
  ])(
    'RecordOutcome reports of a failed rollback what is known about the live version (%#)',
    async (known, said) => {
      const ended = await committed(world);
      const probe = probeResult({ attempt: 3, observations });
      await record(world, { ...ended, path: 'rollback_failed', state: { ...ended.state, probe, ...known } });

      expect(world.sentMessages[0]?.text).toContain(`Served now: ${said}`);
      expect(world.sentMessages[0]?.text).toContain('The host reported no repair commands. See ');
    },
  );

  test('RecordOutcome notifies operators of a deployment outside a rollout that could not be probed', async () => {
    const failure = { Error: 'Lambda.TooManyRequestsException', Cause: 'Rate Exceeded.' };
    const ended = await committed(world);

    const { outcome } = await record(world, {
      ...ended,
      path: 'unprobed',
      state: { ...ended.state, failure },
    });

    expect(outcome).toBe('deployed_unprobed');
    expect(world.sentMessages[0]?.text).toContain(
      'the probe could not be made (Lambda.TooManyRequestsException: Rate Exceeded.)',
    );
    expect(world.sentMessages[0]?.text).toContain('Nothing was rolled back');
  });

  test.each([
    ['lost', {}, 'Manual action required: lost: ', 'Served now: unknown: the requested version'],
    [
      'failed',
      { failure: { Error: 'BundleUnreadable', Cause: 'no PEM' } },
      'Deployment failed: rejected: ',
      'Served now: as before: the deployment changed nothing.',
    ],
    [
      'rolled_back',
      { rollback: pushResult({ outcome: 'restored', version: facts('old') }) },
      'Deployment failed: rolled_back: ',
      'Served now: as before: the previous version sha256:',
    ],
  ] as const)(
    'RecordOutcome notifies operators of a deployment outside a rollout that failed on the path %s',
    async (path, state, subject, served) => {
      const ended = await committed(world);
      await record(world, { ...ended, path, state: { ...ended.state, push: null, ...state } });

      const [message] = world.sentMessages;
      const { id, host } = ended.request.target;
      expect(message?.subject).toBe(`${subject}${id} on ${host}`);
      const lines = message?.text.split('\n') ?? [];
      expect(lines.slice(0, 2)).toEqual([`Target:      ${id}`, `Host:        ${host}`]);
      expect(lines[4]).toContain(served);
      expect(lines.filter((line) => line.includes('certferry deploy --stack Certferry'))).toHaveLength(1);
      expect(lines.at(-1)).toBe(`Execution: ${executionPageOf(ended.execution.id)}`);
    },
  );

  test('RecordOutcome notifies operators of a failed command of onDeployed, records the warning, and the outcome stays deployed', async () => {
    const ended = await committed(world);
    const warnings = ['onDeployed: logger exited with 1'];
    const onDeployed = pushResult({ outcome: 'commands_run', warnings });

    const recorded = await record(world, { ...ended, state: { ...ended.state, onDeployed } });

    expect(recorded).toMatchObject({ outcome: 'deployed', warnings });
    expect(world.sentMessages).toHaveLength(1);
    expect(world.sentMessages[0]?.subject).toMatch(/^Commands after the deployment to .* failed$/);
    expect(world.sentMessages[0]?.text).toContain('onDeployed: logger exited with 1');
  });

  test('RecordOutcome sends no message of its own about a success or about a deployment of a rollout', async () => {
    await record(world, await committed(world));
    await record(world, {
      ...(await committed(world, { rollout: await aBegunRollout(world) })),
      path: 'lost',
    });

    expect(world.sentMessages).toEqual([]);
  });
});
