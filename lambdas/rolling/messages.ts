// What people are told of a rollout: what happened, where, and the next step.
import { shortFingerprint } from '../../core/certificate/describe.ts';
import type { RecordedRollout, Rollout, RolloutOutcome, Wave } from '../../core/rollout/rollout.ts';
import type { Message } from '../services/messages.ts';

type Told = Pick<Rollout, 'id' | 'certificate' | 'executionArn' | 'reason' | 'version'>;

/** A message's first lines: which rollout it is about. */
function about({ id, certificate, executionArn, reason, version }: Told): string[] {
  return [
    `Rollout ${id}: ${certificate}, version ${shortFingerprint(version.fingerprint)}`,
    `Started because: ${reason}`,
    `Execution: ${executionArn}`,
  ];
}

function message(subject: string, ...paragraphs: readonly (readonly string[])[]): Message {
  return { subject, text: paragraphs.map((lines) => lines.join('\n')).join('\n\n') };
}

/** A service goes on presenting another leaf, and the strategy only reports it. */
export function staleServiceMessage(rollout: Told, summary: string): Message {
  return message(`${rollout.certificate}: a service presents another certificate`, about(rollout), [
    summary,
    `The rollout goes on, as its strategy says. ${notTheNodes}`,
  ]);
}

const notTheNodes =
  'No node is put back for it: those that the rollout changed present the new certificate. Look at what is between them and the clients.';

/** A person is asked. `link` null: only the command line answers. */
export function approvalMessage(
  rollout: Told,
  { number, reached, count, total }: Wave,
  link: string | null,
): Message {
  const { id, certificate } = rollout;
  return message(
    `${certificate}: may the rollout go on after wave ${number}?`,
    about(rollout),
    [`Wave ${number} is over: ${reached + count} of ${total} targets are reached.`],
    [
      `To let it go on:  certferry approve ${id} --wave ${number}`,
      `To halt it:       certferry approve ${id} --wave ${number} --reject`,
      ...(link === null ? [] : [`Or decide here (whoever has this link can): ${link}`]),
    ],
  );
}

/** It halts and puts back what it changed. */
export function rollingBackMessage(rollout: Told, why: string): Message {
  return message(`${rollout.certificate}: rollout halted, putting back`, about(rollout), [
    why,
    'No further deployment begins. What this rollout has changed is put back, the newest wave first; another message says how that ended.',
  ]);
}

/** It halts and stays as it is, on its way forward or back. */
export function haltedMessage(
  rollout: Told,
  direction: Wave['direction'],
  { reason, summary }: { readonly reason: string; readonly summary: string },
): Message {
  const state =
    direction === 'forward'
      ? 'What was changed stays, and no further deployment begins.'
      : 'It was putting back what it had changed, and has not come to an end with that.';
  return message(`${rollout.certificate}: rollout halted`, about(rollout), [
    `${reason}: ${summary}`,
    state,
    ...(reason === 'ServiceStale' ? [notTheNodes] : []),
    `Once the reason is gone:  certferry rollout --resume ${rollout.id}`,
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
export function endedMessage({
  outcome,
  certificate,
  summary,
  counts,
  ...rest
}: RecordedRollout): Message | null {
  const ending = endings[outcome];
  if (ending === undefined) return null;
  const counted = Object.entries(counts).map(([name, count]) => `${count} ${name}`);
  return message(
    `${certificate || 'certferry'}: ${ending}${noHost(rest)}`,
    [`Rollout ${rest.rolloutId}: ${certificate || 'no certificate'}`],
    [summary, ...(counted.length === 0 ? [] : [`Targets: ${counted.join(', ')}`])],
  );
}

/** A selector with a typing error finds nobody, and a rollout to nobody ends well: no news to be read as good. */
function noHost({ warning, total }: Pick<RecordedRollout, 'warning' | 'total'>): string {
  if (warning === undefined) return '';
  return total === 0 ? ', but to no host' : ', but no host was found for some targets';
}
