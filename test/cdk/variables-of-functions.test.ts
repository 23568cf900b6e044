import { Duration } from 'aws-cdk-lib';
import { describe, expect, test } from 'vitest';
import { tasks } from '../../cdk/functions/tasks.ts';
import { Strategy } from '../../core/registry/strategy.ts';
import { setting } from '../../lambdas/runtime/environment.ts';
import { textOf, theResource, variablesOf } from './resources.ts';
import { synthesize } from './synthesized.ts';

const template = synthesize();
const document = ['DOCUMENT_NAME', 'DOCUMENT_VERSION'];
const notifying = ['COMMAND_OPTIONS', 'NOTIFICATIONS_TOPIC'];
const jobSenders = [
  'COMMAND_OPTIONS',
  'DATA_KEY',
  ...document,
  'JOB_SIGNING_KEY',
  'LOCKS_TABLE',
  'NOTIFICATIONS_TOPIC',
  'REGISTRY_TABLE',
  'RUN_AGENT_FUNCTION',
  'STORE_DOCUMENT_NAME',
];

/** The environment variables of each Lambda, in alphabetical order. */
const expectedVariables: Readonly<Record<string, string[]>> = {
  'acquire-lock': ['LOCKS_TABLE', 'REGISTRY_TABLE'],
  'push-bundle': [...jobSenders, 'DEPLOYMENTS_TABLE'].sort(),
  'reconcile-command': jobSenders,
  'probe-endpoint': [],
  'probe-from-host': [
    'COMMAND_OPTIONS',
    ...document,
    'LOCKS_TABLE',
    'NOTIFICATIONS_TOPIC',
    'PROBE_DOCUMENT_NAME',
    'REGISTRY_TABLE',
    'RUN_AGENT_FUNCTION',
  ],
  'roll-back': jobSenders,
  'run-on-deployed': jobSenders.filter((name) => name !== 'DATA_KEY' && name !== 'RUN_AGENT_FUNCTION'),
  'probe-restored': [],
  'record-outcome': [
    'COMMAND_OPTIONS',
    'DEPLOYMENTS_TABLE',
    'LOCKS_TABLE',
    'NOTIFICATIONS_TOPIC',
    'REGISTRY_TABLE',
  ],
  'command-status': ['COMMAND_OPTIONS', ...document, 'LOCKS_TABLE', 'NOTIFICATIONS_TOPIC', 'REGISTRY_TABLE'],
  'release-lock': ['DEPLOYMENTS_TABLE', 'LOCKS_TABLE', 'REGISTRY_TABLE'],
  'resolve-certificate': ['REGISTRY_TABLE', 'WORK_BUCKET'],
  'next-wave': [
    'AGENT_VERSION',
    'COMMAND_OPTIONS',
    ...document,
    'LOCKS_TABLE',
    'NOTIFICATIONS_TOPIC',
    'PROBE_DOCUMENT_NAME',
    'REGISTRY_TABLE',
    'WORK_BUCKET',
  ],
  'judge-wave': ['REGISTRY_TABLE', 'WORK_BUCKET'],
  'probe-services': notifying,
  'ask-approval': [...notifying, 'REGISTRY_TABLE'],
  'halt-rollout': [...notifying, 'REGISTRY_TABLE'],
  'end-rollout': [...notifying, 'REGISTRY_TABLE', 'ROLLOUT_ARN', 'WORK_BUCKET'],
  'start-rollouts': ['REGISTRY_TABLE', 'ROLLOUT_ARN'],
  'run-agent': ['DATA_KEY', 'LOCKS_TABLE', 'REGISTRY_TABLE'],
  sweep: [
    ...document,
    'LOCKS_TABLE',
    'PROBE_DOCUMENT_NAME',
    'REGISTRY_TABLE',
    'ROLLOUT_ARN',
    'RUN_AGENT_FUNCTION',
  ],
  'find-hosts': ['REGISTRY_TABLE'],
  'warm-hosts': ['AGENT_VERSION', ...document, 'LOCKS_TABLE', 'PROBE_DOCUMENT_NAME', 'REGISTRY_TABLE'],
  'sync-registry': ['REGISTRY_TABLE'],
  'read-job-keys': [],
  'complete-stack': [],
};

describe('each Lambda', () => {
  test.each(Object.entries(expectedVariables))(
    '%s gets the environment variables that it needs and no others',
    (name, variables) => {
      expect(Object.keys(variablesOf(template, name)).sort()).toEqual(variables);
    },
  );

  test('Each Lambda is in this table', () => {
    expect([...Object.keys(expectedVariables), 'decide-approval'].sort()).toEqual(Object.keys(tasks).sort());
  });

  test('Each Lambda that notifies operators gets the command-line options of this stack', () => {
    for (const name of [
      'record-outcome',
      'next-wave',
      'probe-services',
      'ask-approval',
      'halt-rollout',
      'end-rollout',
    ]) {
      expect(textOf(variablesOf(template, name).COMMAND_OPTIONS)).toBe('--stack Certferry --region <Region>');
    }
  });

  test('Each Lambda that starts rollouts gets the state machine of this stack', () => {
    const { StateMachineName } = theResource(
      template,
      'AWS::StepFunctions::StateMachine',
      ({ properties }) => properties.StateMachineName === 'certferry-rollout',
    ).properties;

    for (const name of ['start-rollouts', 'sweep']) {
      expect(textOf(variablesOf(template, name).ROLLOUT_ARN)).toBe(
        `arn:<Partition>:states:<Region>:<AccountId>:stateMachine:${StateMachineName}`,
      );
    }
  });
});

describe('a default strategy', () => {
  test('A default strategy reaches the state that resolves a certificate', () => {
    const strategy = { waves: [2, '50%', '100%'], toleratedFailures: '10%' } as const;
    const { DEFAULT_STRATEGY } = variablesOf(
      synthesize({ defaultStrategy: { ...strategy, waves: [...strategy.waves] } }),
      'resolve-certificate',
    );

    const read = setting('DEFAULT_STRATEGY', { DEFAULT_STRATEGY: String(DEFAULT_STRATEGY) });

    expect(read).toEqual(strategy);
    expect(Strategy.parse(read).maxConcurrency).toBe(8);
  });

  test('A default strategy that is wrong fails the synth with the field', () => {
    const wrong = { maxConcurrency: 0, wave: [1] } as never;

    expect(() => synthesize({ defaultStrategy: wrong })).toThrow(
      /the default strategy has 2 problems:\n {2}maxConcurrency: .*\n {2}wave: unknown key; did you mean waves\?/,
    );
  });
});

describe('a rate of commands', () => {
  test('The rate of commands is set for every function that sends commands', () => {
    const faster = synthesize({ commandsPerSecond: 50 });

    for (const name of [
      'push-bundle',
      'reconcile-command',
      'probe-from-host',
      'roll-back',
      'run-on-deployed',
      'sweep',
      'warm-hosts',
    ]) {
      const variables = variablesOf(faster, name) as Record<string, string>;
      expect([setting('SEND_RATE', variables), setting('SEND_BURST', variables)]).toEqual([50, 100]);
    }
    expect(variablesOf(template, 'push-bundle').SEND_RATE).toBeUndefined();
  });
});

describe('a number that no function could work with', () => {
  test.each([
    [{ commandsPerSecond: 0 }, 'commandsPerSecond'],
    [{ commandsPerSecond: 1001 }, 'commandsPerSecond'],
    [{ commandsPerSecond: Number.NaN }, 'commandsPerSecond'],
    [{ historyRetentionDays: 0 }, 'historyRetentionDays'],
    [{ historyRetentionDays: 2.5 }, 'historyRetentionDays'],
    [{ expiryAlarmDays: -1 }, 'expiryAlarmDays'],
    [{ sweepSchedule: Duration.seconds(90) }, 'sweepSchedule'],
  ])('A number that no function could work with fails the synth with the field: %j', (props, field) => {
    expect(() => synthesize(props)).toThrow(new RegExp(`Invalid properties of Certferry:\\n {2}${field}: `));
  });

  test('A number that no function could work with is not made of one that they can', () => {
    const fastest = synthesize({ commandsPerSecond: 1000, historyRetentionDays: 36_500 });
    const variables = variablesOf(fastest, 'push-bundle') as Record<string, string>;

    expect([setting('SEND_RATE', variables), setting('SEND_BURST', variables)]).toEqual([1000, 1000]);
  });
});
