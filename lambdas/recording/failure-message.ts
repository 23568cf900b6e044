// The message for operators after a deployment that failed and needs no repair on the host.
import { shortFingerprint } from '../../core/certificate/describe.ts';
import type { DeploymentOutcome } from '../../core/deployment/outcome.ts';
import { outcomeMeanings } from '../../core/deployment/outcome.ts';
import { servedNow } from '../../core/deployment/served-now.ts';
import { registeredIdOf } from '../../core/targets/member-id.ts';
import type { HistoryItem } from '../../services/history/history.ts';
import type { CommandLine } from '../../services/notify/command-lines.ts';
import { composed, type Message } from '../../services/notify/sns-messages.ts';
import { aboutTarget, idLines } from './message-parts.ts';

/** Null after a success. Null also for a deployment of a rollout, whose messages list it. */
export function failureMessage(item: HistoryItem, host: string | null, line: CommandLine): Message | null {
  const { deploymentId, targetId, outcome, rollout, summary } = item;
  const { succeeded, needsAttention } = outcomeMeanings[outcome];
  if (succeeded || rollout !== undefined) return null;
  const urgency = needsAttention ? 'Manual action required' : 'Deployment failed';
  return composed(
    `${urgency}: ${outcome}: ${targetId} on ${host ?? 'its host'}`,
    aboutTarget(item, host),
    [`Served now: ${servedNow(item, shortFingerprint)}.`],
    [...(steps[outcome] ?? againSteps)(item, line), `Show the details:  ${line(`inspect ${deploymentId}`)}`],
    [`Why: ${summary}`],
    idLines(item),
  );
}

type Steps = (item: HistoryItem, line: CommandLine) => string[];

const deploy: Steps = ({ certificate, targetId }, line) => [
  line(
    `deploy --certificate ${certificate ?? 'NAME'} --target ${registeredIdOf(targetId)}`,
    'targets',
    'version',
  ),
];

const againSteps: Steps = (item, line) => [
  `After you have fixed the cause, deploy again:  ${deploy(item, line)}`,
];

/** The next steps after outcomes that a new deployment alone does not settle. */
const steps: Partial<Record<DeploymentOutcome, Steps>> = {
  deployed_unprobed: ({ targetId }, line) => [
    'Nothing was rolled back. Check what the endpoint serves. The next drift sweep checks it too.',
    `If it serves another certificate, roll back:  ${line(`rollback --target ${registeredIdOf(targetId)}`)}`,
    `Check the concurrency of Lambda in the account:  ${line('doctor')}`,
  ],
  lost: (item, line) => [
    'Certificate and key on the host match in both cases. Check that SSM reaches the host.',
    `Then deploy again. That completes or undoes the interrupted change:  ${deploy(item, line)}`,
  ],
  lock_unavailable: (item, line) => [
    `List the deployments of the target:  ${line(`history --target ${item.targetId}`)}`,
    `When the other deployment has ended, deploy again:  ${deploy(item, line)}`,
  ],
};
