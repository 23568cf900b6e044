// The message for operators after a rollback that failed or could not be verified.
import { shortFingerprint } from '../../core/certificate/describe.ts';
import type { Observation } from '../../core/deployment/agent-line.ts';
import { isFunctionHost } from '../../core/targets/host-location.ts';
import { registeredIdOf } from '../../core/targets/member-id.ts';
import type { HistoryItem } from '../../services/history/history.ts';
import type { CommandLine } from '../../services/notify/command-lines.ts';
import { composed, type Message } from '../../services/notify/sns-messages.ts';
import { type FinalState, outcomeWithoutRepair } from './deployment-outcome.ts';
import { aboutTarget, idLines } from './message-parts.ts';

/** The outcomes after which operators get this message. */
export const repairOutcomes = ['rolled_back_unverified', 'rollback_failed'] as const;
type RepairOutcome = (typeof repairOutcomes)[number];

/** A deployment with one of these outcomes, its final state, and its host. */
export interface FailedRollback {
  readonly item: HistoryItem & { readonly outcome: RepairOutcome };
  readonly state: FinalState;
  readonly host: string | null;
}

/** What is served now and the commands to type come first, then the cause. */
export function repairMessage({ item, state, host }: FailedRollback, line: CommandLine): Message {
  const { targetId, outcome } = item;
  return composed(
    `Manual action required: ${problems[outcome]}: ${targetId} on ${host ?? 'its host'}`,
    aboutTarget(item, host),
    servedNow(item, state),
    outcome === 'rollback_failed' ? repairCommands(item, host) : filesRestored,
    [
      `Deploy a working version once the host is repaired:  ${line(`deploy --certificate ${item.certificate ?? 'NAME'} --target ${registeredIdOf(targetId)}`, 'targets', 'version')}`,
      `Show the details:  ${line(`inspect ${item.deploymentId}`)}`,
      `Print these commands again (field "repair"):  ${line(`history --target ${targetId} --json`)}`,
    ],
    [`Why: ${outcomeWithoutRepair(outcome, state).summary}`],
    warningLines(item),
    idLines(item),
  );
}

const problems: Readonly<Record<RepairOutcome, string>> = {
  rolled_back_unverified: 'rollback not verified',
  rollback_failed: 'rollback failed',
};

const filesRestored = [
  'The previous files are restored, so there is nothing to copy. Check that the daemon runs, and what answers on the endpoint.',
];

/** The last probe, with a note whether it was before or after the restore. */
function servedNow(item: HistoryItem, { probe, rollback, restored }: FinalState): string[] {
  if (restored !== null && restored.attempt > 0) {
    return ['Served now:', ...restored.observations.map((observation) => shown(item, observation))];
  }
  const served = rollback?.served ?? null;
  if (served !== null) {
    return [`Served now: according to the host, the previous leaf is ${served ? '' : 'not '}served.`];
  }
  const beforeRollback = probe?.observations ?? [];
  return [
    'Served now: unknown, no probe was made after the rollback.',
    ...(beforeRollback.length === 0
      ? []
      : ['Before the rollback:', ...beforeRollback.map((observation) => shown(item, observation))]),
  ];
}

/** Warnings about the bundle and of the host; one of them may be the cause. */
function warningLines({ warnings }: HistoryItem): string[] {
  return warnings.length === 0 ? [] : ['Warnings:', ...warnings.map((each) => `- ${each}`)];
}

function shown(item: HistoryItem, { address, fingerprint, problem }: Observation): string {
  if (fingerprint === null) return `  ${address}: ${problem ?? 'no certificate is served'}`;
  const known =
    fingerprint === item.fingerprint
      ? 'the version of this deployment'
      : fingerprint === item.previousFingerprint
        ? 'the previous version'
        : 'neither the version of this deployment nor the previous one';
  return `  ${address} serves ${shortFingerprint(fingerprint)}, ${known}`;
}

/** A target in a store without a host is repaired from any machine that reaches the store. */
const whereToRun = (host: string | null): string =>
  host !== null && isFunctionHost(host) ? 'where you reach the store' : 'on the host';

function repairCommands({ repair, reason }: HistoryItem, host: string | null): string[] {
  if (repair === null) {
    return [
      `The host reported no repair commands. See ${reason ?? 'rollback_failed'} in docs/troubleshooting.md.`,
    ];
  }
  return [
    ...(repair.commands.length === 0 ? [] : [`Run ${whereToRun(host)}:`]),
    ...repair.commands.map((command) => `  ${command}`),
    ...repair.files.map(({ path, backup }) =>
      backup === null
        ? `(${path} did not exist before this deployment)`
        : `(the previous ${path} is kept as ${backup})`,
    ),
  ];
}
