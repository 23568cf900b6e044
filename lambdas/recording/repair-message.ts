// What people are told of a host that could not be put back.
import { shortFingerprint } from '../../core/certificate/describe.ts';
import type { Observation } from '../../core/deployment/agent-line.ts';
import { registeredIdOf } from '../../core/targets/registered.ts';
import type { HistoryItem } from '../../services/history/history.ts';
import type { CommandLine } from '../../services/notify/command-lines.ts';
import { composed, type Message } from '../../services/notify/sns-messages.ts';
import { type FinalState, outcomeWithoutRepair } from './deployment-outcome.ts';

/** A deployment that ended as `rollback_failed`, the state it left, and on which host. */
export interface FailedRollback {
  readonly item: HistoryItem;
  readonly state: FinalState;
  readonly host: string | null;
}

/** Why, what is live, what to type on the host, word for word, and what then. */
export function repairMessage({ item, state, host }: FailedRollback, line: CommandLine): Message {
  const { targetId } = item;
  return composed(
    `A PERSON IS NEEDED: ${targetId} on ${host ?? 'its host'} could not be put back`,
    about(item, host),
    [outcomeWithoutRepair('rollback_failed', state).summary],
    whatIsLive(item, state),
    whatToType(item),
    [
      `Once the host is right, a version that is good:  ${line(`deploy --certificate ${item.certificate ?? 'NAME'} --target ${registeredIdOf(targetId)}`, 'targets', 'version')}`,
      `The whole way:  ${line(`inspect ${item.deploymentId}`)}`,
      `These commands again (repair):  ${line(`history --target ${targetId} --json`)}`,
    ],
  );
}

function about(
  { deploymentId, targetId, certificate, rollout, fingerprint, executionArn }: HistoryItem,
  host: string | null,
): string[] {
  const version = fingerprint === null ? '' : `, version ${shortFingerprint(fingerprint)}`;
  return [
    `Deployment ${deploymentId}: target ${targetId} on host ${host ?? '(not known)'}`,
    `${certificate ?? 'No certificate'}${version}`,
    ...(rollout === undefined ? [] : [`Rollout: ${rollout}`]),
    `Execution: ${executionArn}`,
  ];
}

/** The last look that anybody had, and whether it was before or after the old files were to be put back. */
function whatIsLive(item: HistoryItem, { probe, rollback, restored }: FinalState): string[] {
  if (restored !== null && restored.attempt > 0) {
    return ['What is live:', ...restored.observations.map((seen) => shown(item, seen))];
  }
  const said = rollback?.served ?? null;
  if (said !== null) {
    return [`What is live: the host itself sees that the old leaf is ${said ? '' : 'not '}served.`];
  }
  const before = probe?.observations ?? [];
  return [
    'What is live: nobody has looked since the old files were to be put back.',
    ...(before.length === 0 ? [] : ['Before that:', ...before.map((seen) => shown(item, seen))]),
  ];
}

function shown(item: HistoryItem, { address, fingerprint, problem }: Observation): string {
  if (fingerprint === null) return `  ${address}: ${problem ?? 'nothing is served'}`;
  const known =
    fingerprint === item.fingerprint
      ? 'the version that was being deployed'
      : fingerprint === item.previousFingerprint
        ? 'the version before'
        : 'neither the version that was being deployed nor the one before';
  return `  ${address} serves ${shortFingerprint(fingerprint)}, ${known}`;
}

function whatToType({ repair, reason }: HistoryItem): string[] {
  if (repair === null) {
    return [
      `The host has not said what to type. See ${reason ?? 'rollback_failed'} in docs/troubleshooting.md, under "a person is needed".`,
    ];
  }
  return [
    ...(repair.commands.length === 0 ? [] : ['On the host, type:']),
    ...repair.commands.map((command) => `  ${command}`),
    ...repair.files.map(({ path, backup }) =>
      backup === null ? `(${path} did not exist before)` : `(${path} is kept as ${backup})`,
    ),
  ];
}
