import { shortFingerprint } from '../../core/certificate/describe.ts';
import { executionPageOf } from '../../core/console-link.ts';
import type { HistoryItem } from '../../services/history/history.ts';

/** The first lines of a message about a deployment. */
export function aboutTarget(
  { targetId, certificate, fingerprint }: HistoryItem,
  host: string | null,
): string[] {
  const version = fingerprint === null ? '' : `, version ${shortFingerprint(fingerprint)}`;
  return [
    `Target:      ${targetId}`,
    `Host:        ${host ?? '(unknown)'}`,
    `Certificate: ${certificate ?? '(none)'}${version}`,
  ];
}

/** The last lines of a message about a deployment: its ids, and its page in the console. */
export function idLines({ deploymentId, rollout, executionArn }: HistoryItem): string[] {
  return [
    `Deployment: ${deploymentId}`,
    ...(rollout === undefined ? [] : [`Rollout: ${rollout}`]),
    `Execution: ${executionPageOf(executionArn)}`,
  ];
}
