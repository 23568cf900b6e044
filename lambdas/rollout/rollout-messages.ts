// SNS messages about rollouts: what happened, why, and what to do next.
import { keepTexts } from '../../core/bounds/list-names.ts';
import { shortFingerprint } from '../../core/certificate/describe.ts';
import { executionPageOf } from '../../core/console-link.ts';
import { counted } from '../../core/counted.ts';
import type { WarmedHost } from '../../core/deployment/warm.ts';
import type { Halt, RecordedRollout, Rollout, RolloutOutcome, Wave } from '../../core/rollout/rollout.ts';
import type { CommandLine } from '../../services/notify/command-lines.ts';
import { composed, type Message } from '../../services/notify/sns-messages.ts';
import { nextSteps } from './message-next-steps.ts';

type RolloutFacts = Pick<Rollout, 'id' | 'certificate' | 'executionArn' | 'reason' | 'version' | 'warnings'>;

/** A paragraph about the bundle; empty without warnings. */
function bundleWarnings(warnings: readonly string[] = []): string[] {
  return warnings.length === 0
    ? []
    : ['Warnings about the certificate:', ...warnings.map((each) => `- ${each}`)];
}

/** The first lines of a message. */
function header({ id, certificate, executionArn, reason, version }: RolloutFacts): string[] {
  return [
    `Rollout ${id}: ${certificate}, version ${shortFingerprint(version.fingerprint)}`,
    `Start reason: ${reason}`,
    `Execution: ${executionPageOf(executionArn)}`,
  ];
}

/** A service still serves another certificate, and the strategy only reports it. */
export function staleServiceMessage(rollout: RolloutFacts, summary: string, line: CommandLine): Message {
  return composed(`${rollout.certificate}: a service serves another certificate`, header(rollout), [
    summary,
    `The rollout continues, because its strategy only reports this (onStaleService). ${checkInFront}`,
    `To halt the rollout:  ${line(`halt ${rollout.id}`)}`,
  ]);
}

/** Limits of the reasons in the message about cold hosts. */
const reasonLimits = { each: 600, all: 6000 };

/** Hosts of the next wave could not fetch the agent and its runtime. */
export function coldHostsMessage(
  rollout: RolloutFacts,
  hosts: readonly WarmedHost[],
  line: CommandLine,
): Message {
  const reasons = hosts.map(({ host, outcome, summary }) => `- ${host} (${outcome}): ${summary}`);
  return composed(
    `${rollout.certificate}: ${counted(hosts.length, 'host')} cannot start the agent yet`,
    header(rollout),
    [
      'These hosts of the next wave have not fetched the agent and its runtime:',
      ...keepTexts(reasons, 'hosts', reasonLimits),
    ],
    [
      'The wave starts now. Deployments to these hosts try it once more; if it fails, nothing is changed there, and they count as failures.',
      `To try it again:  ${line('warm')}`,
      `To halt the rollout:  ${line(`halt ${rollout.id}`)}`,
    ],
  );
}

const checkInFront =
  'No target is rolled back for this: the targets that the rollout has changed serve the new certificate. ' +
  'Check what is between them and the clients, for example a load balancer or CDN.';

/** How an operator can decide. `link` null: only with the command line. */
export interface ApprovalOptions {
  readonly link: string | null;
  readonly line: CommandLine;
}

/** The rollout waits for a decision. */
export function approvalMessage(
  rollout: RolloutFacts,
  { number, reached, count, total }: Wave,
  { link, line }: ApprovalOptions,
): Message {
  const { id, certificate } = rollout;
  return composed(
    `${certificate}: approve or reject the rollout after wave ${number}`,
    header(rollout),
    [
      `Wave ${number} is complete: the rollout has reached ${reached + count} of ${total} targets.`,
      'It waits for your decision.',
    ],
    bundleWarnings(rollout.warnings),
    [
      `Approve:  ${line(`approve ${id} --wave ${number}`)}`,
      `Reject:   ${line(`approve ${id} --wave ${number} --reject`)}`,
      ...(link === null ? [] : [`Or decide in the browser (anyone with this link can decide): ${link}`]),
    ],
  );
}

/** The rollout has halted and rolls back. */
export function rollingBackMessage(rollout: RolloutFacts, why: string, line: CommandLine): Message {
  return composed(`${rollout.certificate}: rollout halted, rolling back`, header(rollout), [
    why,
    'No further deployment starts. The targets that this rollout has changed are rolled back, newest wave first.',
    'Another message reports the result.',
    `Show the progress:  ${line(`inspect ${rollout.id}`)}`,
  ]);
}

/** Why a rollout has halted, and in which direction it was working. */
export interface HaltFacts extends Pick<Halt, 'reason' | 'summary'> {
  readonly direction: Wave['direction'];
}

/** The rollout has halted and waits for an operator. */
export function haltedMessage(
  rollout: RolloutFacts,
  { direction, reason, summary }: HaltFacts,
  line: CommandLine,
): Message {
  const state =
    direction === 'forward'
      ? 'No further deployment starts. The targets that have the new version keep it.'
      : 'The rollback is not complete.';
  return composed(
    `${rollout.certificate}: rollout halted`,
    header(rollout),
    [
      `${reason}: ${summary}`,
      state,
      ...(reason === 'ServiceStale' ? [checkInFront] : []),
      ...nextSteps('halted', { ...rollout, rolloutId: rollout.id }, line),
    ],
    bundleWarnings(rollout.warnings),
  );
}

const subjects: Partial<Record<RolloutOutcome, string>> = {
  finished: 'rolled out',
  finished_with_failures: 'rolled out, with failures',
  superseded: 'superseded by a newer version',
  refused: 'rollout refused',
  rolled_back: 'rolled back',
  rollback_incomplete: 'rollback incomplete',
};

/** The outcome of a rollout; null when operators need no message about it. */
export function outcomeMessage(
  recorded: RecordedRollout,
  executionArn: string,
  line: CommandLine,
): Message | null {
  const { outcome, certificate, fingerprint, summary, counts, rolloutId, warnings } = recorded;
  const subject = subjects[outcome];
  if (subject === undefined) return null;
  const version = fingerprint === null ? '' : `, version ${shortFingerprint(fingerprint)}`;
  const counted = Object.entries(counts).map(([name, count]) => `${count} ${name}`);
  return composed(
    outcome === 'rollback_incomplete'
      ? `Manual action required: ${subject}: ${certificate}`
      : `${certificate || 'certferry'}: ${subject}${missingHosts(recorded)}`,
    [
      `Rollout ${rolloutId}: ${certificate || 'unknown certificate'}${version}`,
      `Execution: ${executionPageOf(executionArn)}`,
    ],
    [summary, ...(counted.length === 0 ? [] : [`Targets: ${counted.join(', ')}`])],
    bundleWarnings(warnings),
    nextSteps(outcome, recorded, line),
  );
}

/** A rollout without hosts finishes, for example after a typing error in a selector. The subject must show this. */
function missingHosts({ warning, total }: RecordedRollout): string {
  if (warning === undefined) return '';
  return total === 0 ? ', but to no host' : ', but no host was found for some targets';
}
