import type { Due } from '../../core/drift/drift.ts';
import type { Executions } from '../../services/executions.ts';
import type { Catalogue } from '../../services/registry/catalogue.ts';
import type { RolloutControl } from '../../services/rollouts/rollout-control.ts';
import type { Rollouts } from '../../services/rollouts/rollout-store.ts';

/** What the targets of a certificate may have, and why none of them may be deployed to now (null: they may). */
export interface CertificateStatus {
  readonly due: Due;
  readonly notNow: string | null;
}

interface Services {
  readonly catalogue: Pick<Catalogue, 'currentVersion'>;
  readonly rollouts: Pick<Rollouts, 'list'>;
  readonly executions: Pick<Executions, 'status'>;
}

/** As many of a certificate's rollouts as are looked at: those for parts share the number of the whole one before them. */
const lately = 50;

/** Asks once for each certificate, however many targets it has. */
export function certificateStatuses(by: Services): (certificate: string) => Promise<CertificateStatus> {
  const asked = new Map<string, Promise<CertificateStatus>>();
  return (certificate) => {
    const answer = asked.get(certificate) ?? ask(by, certificate);
    asked.set(certificate, answer);
    return answer;
  };
}

async function ask(
  { catalogue, rollouts, executions }: Services,
  certificate: string,
): Promise<CertificateStatus> {
  const [current, recent] = await Promise.all([
    catalogue.currentVersion(certificate),
    rollouts.list({ certificate, limit: lately }),
  ]);
  const latest = Math.max(...recent.map(({ sequence }) => sequence));
  const open = recent.filter(
    ({ sequence, status, supersededBy }) =>
      sequence === latest && status !== 'ended' && supersededBy === null,
  );
  const statuses = await Promise.all(open.map((one) => statusOf(one, executions)));
  const moving = open.find((_, at) => statuses[at] === 'moving');
  const first = moving ?? open[0];
  const underway =
    first === undefined ? null : { fingerprint: first.fingerprint, moving: moving !== undefined };
  const due = { current: current?.fingerprint ?? null, underway };
  // nobody will bring to an end what has broken off: it is no reason to wait
  const blocking = open.find((_, at) => statuses[at] !== 'broken off');
  return { due, notNow: reasonNotNow(due, blocking) };
}

/** An execution that was aborted, or died, could not write that down. */
async function statusOf({ status, executionArn }: RolloutControl, executions: Services['executions']) {
  if (status === 'halted') return 'halted';
  return (await executions.status(executionArn)) === 'ended' ? 'broken off' : 'moving';
}

function reasonNotNow({ current }: Due, open: RolloutControl | undefined): string | null {
  if (open?.status === 'halted') {
    return `rollout ${open.id} is halted (${open.reason ?? 'no reason given'}): a person says whether it goes on`;
  }
  if (open !== undefined) return `rollout ${open.id} is under way`;
  return current === null ? 'no rollout of this certificate has ended well yet' : null;
}
