// The message for operators after a deployment whose probe could not be made.
import { shortFingerprint } from '../../core/certificate/describe.ts';
import { registeredIdOf } from '../../core/targets/member-id.ts';
import type { HistoryItem } from '../../services/history/history.ts';
import type { CommandLine } from '../../services/notify/command-lines.ts';
import { composed, type Message } from '../../services/notify/sns-messages.ts';

/** Null if the deployment has another outcome, or belongs to a rollout, whose messages list it. */
export function unprobedMessage(item: HistoryItem, host: string | null, line: CommandLine): Message | null {
  const { deploymentId, targetId, certificate, fingerprint, outcome, rollout, summary, executionArn } = item;
  if (outcome !== 'deployed_unprobed' || rollout !== undefined) return null;
  const version = fingerprint === null ? '' : `, version ${shortFingerprint(fingerprint)}`;
  return composed(
    `Manual action required: the deployment to ${targetId} on ${host ?? 'its host'} could not be probed`,
    [
      `Deployment ${deploymentId}: target ${targetId} on host ${host ?? '(unknown)'}`,
      `${certificate ?? 'No certificate'}${version}`,
      `Execution: ${executionArn}`,
    ],
    [summary],
    ['The new version is installed. It is unknown what the endpoint serves, so nothing was rolled back.'],
    [
      'Check what the endpoint serves. The next drift sweep checks it too.',
      `Roll back if it serves another certificate:  ${line(`rollback --target ${registeredIdOf(targetId)}`)}`,
      `Check the concurrency of Lambda in the account:  ${line('doctor')}`,
      `Details of this deployment:  ${line(`inspect ${deploymentId}`)}`,
    ],
  );
}
