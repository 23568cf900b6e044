import { describe, expect, test } from 'vitest';
import { executionPageOf } from '../../core/console-link.ts';
import type { RecordedRollout, RolloutOutcome } from '../../core/rollout/rollout.ts';
import { rolloutOutcomes } from '../../core/rollout/rollout.ts';
import {
  approvalMessage,
  haltedMessage,
  outcomeMessage,
  rollingBackMessage,
  staleServiceMessage,
} from '../../lambdas/rollout/rollout-messages.ts';
import { lambdaEnvironment } from '../../local/cloud/function-environment.ts';
import { type CommandLine, createCommandLine } from '../../services/notify/command-lines.ts';
import type { Message } from '../../services/notify/sns-messages.ts';
import { fakeRolloutServices, commandLine as inStack } from '../fakes/rollout-services.ts';
import { fingerprint } from '../fixtures/factories.ts';
import { aBegunState, execution } from '../fixtures/rollout-state.ts';
import { commandsIn, placelessIn, placeTyped } from '../fixtures/typed.ts';

const { rollout, wave } = aBegunState(fakeRolloutServices(), { wave: { number: 1, count: 1, total: 9 } });

const recorded = (outcome: RolloutOutcome): RecordedRollout => ({
  rolloutId: 'r-1',
  certificate: 'api.example.com',
  fingerprint: fingerprint('new'),
  outcome,
  summary: 'why',
  reason: null,
  total: 3,
  waves: 1,
  counts: { deployed: 2, lost: 1 },
});

/** Every message of a rollout, by what it is about. */
const messages = (line: CommandLine): [string, Message | null][] => [
  ['a question', approvalMessage(rollout, wave, { link: null, line })],
  ['a stale service', staleServiceMessage(rollout, 'why', line)],
  ['putting back', rollingBackMessage(rollout, 'why', line)],
  ...(['forward', 'rollback'] as const).map((direction): [string, Message] => [
    `halted on its way ${direction}`,
    haltedMessage(rollout, { direction, reason: 'TooManyFailures', summary: 'why' }, line),
  ]),
  ...rolloutOutcomes
    .filter((outcome) => outcome !== 'halted')
    .map((outcome): [string, Message | null] => [
      outcome,
      outcomeMessage(recorded(outcome), execution.id, line),
    ]),
];
const sentMessages = messages(inStack).flatMap(([about, message]) =>
  message === null ? [] : [[about, message] as const],
);

describe('the messages of a rollout', () => {
  test('The messages of a rollout contain the warnings about its certificate', () => {
    const warnings = ['The leaf expires on 2026-11-30, in 1 day(s).'];
    const warned = { ...rollout, warnings };
    const texts = [
      approvalMessage(warned, wave, { link: null, line: inStack }),
      haltedMessage(warned, { direction: 'forward', reason: 'LockHeld', summary: 'why' }, inStack),
      outcomeMessage({ ...recorded('finished'), warnings }, execution.id, inStack),
    ].map((message) => message?.text);

    for (const text of texts) {
      expect(text).toContain('Warnings about the certificate:\n- The leaf expires on 2026-11-30');
    }
    expect(outcomeMessage(recorded('finished'), execution.id, inStack)?.text).not.toContain('Warnings');
  });

  test.each(sentMessages)(
    '%s: names the rollout, its execution, why, and the next step',
    (about, { text }) => {
      expect(text).toContain('Rollout r-1: api.example.com, version ');
      expect(text).toContain(`Execution: ${executionPageOf(execution.id)}`);
      if (about !== 'a question') expect(text).toContain('why');
      if (about === 'finished') expect(text).toContain('No action is required.');
      else expect(commandsIn(text)).not.toEqual([]);
    },
  );

  test.each(sentMessages)(
    '%s: each command line works as printed, in the stack that sent it',
    (_, { text }) => {
      expect(placelessIn(text)).toEqual([]);
      for (const typed of commandsIn(text)) {
        expect(placeTyped(typed)).toMatchObject({ kind: 'stack', stack: 'Certferry', region: 'eu-west-1' });
      }
    },
  );

  test('The message of a finished rollout reports targets without a host', () => {
    const message = outcomeMessage({ ...recorded('finished'), warning: 'no host for web' }, 'arn', inStack);

    expect(message?.text).toContain('certferry doctor --stack Certferry --region eu-west-1');
    expect(message?.text).not.toContain('No action is required.');
  });

  test('No message is sent for a rollout without a change', () => {
    expect(messages(inStack).flatMap(([about, message]) => (message === null ? [about] : []))).toEqual([
      'already_rolled_out',
    ]);
  });

  test.each([
    [
      'a version and a target that are refused',
      'refused',
      'certferry rollout --stack Certferry --region eu-west-1 --certificate api.example.com',
    ],
    [
      'some that failed',
      'finished_with_failures',
      'certferry rollout --stack Certferry --region eu-west-1 --certificate api.example.com --repeat',
    ],
    [
      'a host that is not put back',
      'rollback_incomplete',
      'certferry deploy --stack Certferry --region eu-west-1 --certificate api.example.com --target TARGET',
    ],
    [
      'a newer version',
      'superseded',
      'certferry rollouts --stack Certferry --region eu-west-1 --certificate api.example.com',
    ],
  ])('The messages of a rollout contain the next command after %s', (_, about, typed) => {
    const message = sentMessages.find(([outcome]) => outcome === about)?.[1];

    expect(commandsIn(message?.text ?? '')).toContain(typed);
  });

  test('On one machine, the messages of a rollout contain the files that the commands need', () => {
    const {
      COMMAND_OPTIONS = '',
      COMMAND_TARGET_OPTIONS = '',
      COMMAND_VERSION_OPTIONS = '',
    } = lambdaEnvironment({ path: '/home/my state' }, '', { path: '', publicKeys: '' });
    const line = createCommandLine({
      backend: COMMAND_OPTIONS,
      targets: COMMAND_TARGET_OPTIONS,
      version: COMMAND_VERSION_OPTIONS,
    });

    const typed = messages(line).flatMap(([, message]) => commandsIn(message?.text ?? ''));

    expect(typed).toContain(
      `certferry rollout --local --state '/home/my state' --resume r-1 --cert FILE --key FILE`,
    );
    expect(typed).toContain(
      `certferry rollout --local --state '/home/my state' --certificate api.example.com --targets FILE --cert FILE --key FILE`,
    );
  });
});
