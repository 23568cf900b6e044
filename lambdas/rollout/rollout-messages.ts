// What people are told of a rollout: what happened, where, and the next step.
import { shortFingerprint } from '../../core/certificate/describe.ts';
import type { Halt, RecordedRollout, Rollout, RolloutOutcome, Wave } from '../../core/rollout/rollout.ts';
import type { CommandLine } from '../../services/notify/command-lines.ts';
import { composed, type Message } from '../../services/notify/sns-messages.ts';
import { nextSteps } from './message-next-steps.ts';

type Told = Pick<Rollout, 'id' | 'certificate' | 'executionArn' | 'reason' | 'version'>;

/** A message's first lines: which rollout it is about. */
function about({ id, certificate, executionArn, reason, version }: Told): string[] {
  return [
    `Rollout ${id}: ${certificate}, version ${shortFingerprint(version.fingerprint)}`,
    `Started because: ${reason}`,
    `Execution: ${executionArn}`,
  ];
}

/** A service goes on serving another leaf, and the strategy only reports it. */
export function staleServiceMessage(rollout: Told, summary: string, line: CommandLine): Message {
  return composed(`${rollout.certificate}: a service serves another certificate`, about(rollout), [
    summary,
    `The rollout goes on, as its strategy says. ${notTheNodes}`,
    `To halt it all the same:  ${line(`halt ${rollout.id}`)}`,
  ]);
}

const notTheNodes =
  'No node is put back for it: those that the rollout changed serve the new certificate. Look at what is between them and the clients.';

/** How a question can be answered. `link` null: only by the command line. */
export interface Answering {
  readonly link: string | null;
  readonly line: CommandLine;
}

/** A person is asked. */
export function approvalMessage(
  rollout: Told,
  { number, reached, count, total }: Wave,
  { link, line }: Answering,
): Message {
  const { id, certificate } = rollout;
  return composed(
    `${certificate}: may the rollout go on after wave ${number}?`,
    about(rollout),
    [`Wave ${number} is over: ${reached + count} of ${total} targets are reached.`],
    [
      `To let it go on:  ${line(`approve ${id} --wave ${number}`)}`,
      `To halt it:       ${line(`approve ${id} --wave ${number} --reject`)}`,
      ...(link === null ? [] : [`Or decide here (whoever has this link can): ${link}`]),
    ],
  );
}

/** It halts and puts back what it changed. */
export function rollingBackMessage(rollout: Told, why: string, line: CommandLine): Message {
  return composed(`${rollout.certificate}: rollout halted, putting back`, about(rollout), [
    why,
    'No further deployment begins. What this rollout has changed is put back, the newest wave first; another message says how that ended.',
    `See how it goes:  ${line(`inspect ${rollout.id}`)}`,
  ]);
}

/** Why a rollout stays as it is, and on which way. */
export interface Stopped extends Pick<Halt, 'reason' | 'summary'> {
  readonly direction: Wave['direction'];
}

/** It halts and stays as it is, on its way forward or back. */
export function haltedMessage(
  rollout: Told,
  { direction, reason, summary }: Stopped,
  line: CommandLine,
): Message {
  const state =
    direction === 'forward'
      ? 'What was changed stays, and no further deployment begins.'
      : 'It was putting back what it had changed, and has not come to an end with that.';
  return composed(`${rollout.certificate}: rollout halted`, about(rollout), [
    `${reason}: ${summary}`,
    state,
    ...(reason === 'ServiceStale' ? [notTheNodes] : []),
    ...nextSteps('halted', { ...rollout, rolloutId: rollout.id }, line),
  ]);
}

const endings: Partial<Record<RolloutOutcome, string>> = {
  finished: 'rolled out',
  finished_with_failures: 'rolled out, with failures',
  superseded: 'superseded by a newer version',
  refused: 'rollout refused',
  rolled_back: 'rolled back',
  rollback_incomplete: 'A PERSON IS NEEDED: not everything is rolled back',
};

/** How a rollout ended; null where nobody has to hear of it. */
export function endedMessage(
  recorded: RecordedRollout,
  executionArn: string,
  line: CommandLine,
): Message | null {
  const { outcome, certificate, fingerprint, summary, counts, rolloutId } = recorded;
  const ending = endings[outcome];
  if (ending === undefined) return null;
  const version = fingerprint === null ? '' : `, version ${shortFingerprint(fingerprint)}`;
  const counted = Object.entries(counts).map(([name, count]) => `${count} ${name}`);
  return composed(
    `${certificate || 'certferry'}: ${ending}${noHost(recorded)}`,
    [`Rollout ${rolloutId}: ${certificate || 'no certificate'}${version}`, `Execution: ${executionArn}`],
    [summary, ...(counted.length === 0 ? [] : [`Targets: ${counted.join(', ')}`])],
    nextSteps(outcome, recorded, line),
  );
}

/** A selector with a typing error finds nobody, and a rollout to nobody ends well: no news to be read as good. */
function noHost({ warning, total }: RecordedRollout): string {
  if (warning === undefined) return '';
  return total === 0 ? ', but to no host' : ', but no host was found for some targets';
}
