import type { ExpectedVersions } from '../../core/drift/finding.ts';
import type { Executions } from '../executions.ts';
import type { Catalogue } from '../registry/catalogue.ts';
import type { RolloutControl } from '../rollouts/rollout-control.ts';
import type { Rollouts } from '../rollouts/rollout-store.ts';

/** Which versions the targets of a certificate may have, and why they cannot be healed now (null: they can). */
export interface CertificateStatus {
  readonly due: ExpectedVersions;
  readonly blockedBy: string | null;
}

interface Services {
  readonly catalogue: Pick<Catalogue, 'currentVersion'>;
  readonly rollouts: Pick<Rollouts, 'list'>;
  readonly executions: Pick<Executions, 'status'>;
}

/** Number of recent rollouts that are read. Rollouts for a part have the sequence number of the last full rollout. */
const recentRollouts = 50;

/** Reads the status of each certificate once, however many targets it has. */
export function certificateStatuses(by: Services): (certificate: string) => Promise<CertificateStatus> {
  const statuses = new Map<string, Promise<CertificateStatus>>();
  return (certificate) => {
    const status = statuses.get(certificate) ?? readStatus(by, certificate);
    statuses.set(certificate, status);
    return status;
  };
}

async function readStatus(
  { catalogue, rollouts, executions }: Services,
  certificate: string,
): Promise<CertificateStatus> {
  const [current, recent] = await Promise.all([
    catalogue.currentVersion(certificate),
    rollouts.list({ certificate, limit: recentRollouts }),
  ]);
  const latest = Math.max(...recent.map(({ sequence }) => sequence));
  const open = recent.filter(
    ({ sequence, status, supersededBy }) =>
      sequence === latest && status !== 'ended' && supersededBy === null,
  );
  const statuses = await Promise.all(open.map((one) => statusOf(one, executions)));
  const running = open.find((_, index) => statuses[index] === 'running');
  const first = running ?? open[0];
  const rollout =
    first === undefined ? null : { fingerprint: first.fingerprint, running: running !== undefined };
  const due = { current: current?.fingerprint ?? null, rollout };
  // a rollout whose execution was aborted never ends, so healing does not wait for it
  const blocking = open.find((_, index) => statuses[index] !== 'aborted');
  return { due, blockedBy: reasonNotNow(due, blocking) };
}

/** An execution that was aborted, or timed out, could not record its outcome. */
async function statusOf({ status, executionArn }: RolloutControl, executions: Services['executions']) {
  if (status === 'halted') return 'halted';
  return (await executions.status(executionArn)) === 'ended' ? 'aborted' : 'running';
}

function reasonNotNow({ current }: ExpectedVersions, open: RolloutControl | undefined): string | null {
  if (open?.status === 'halted') {
    return `rollout ${open.id} is halted (${open.reason ?? 'no reason given'}): resume it or roll it back`;
  }
  if (open !== undefined) return `rollout ${open.id} is running`;
  return current === null ? 'the certificate has no current version, because no rollout has finished' : null;
}
