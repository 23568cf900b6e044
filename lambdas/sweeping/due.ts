import type { Due } from '../../core/rollout/drift.ts';
import type { Catalogue } from '../services/catalogue.ts';
import type { RolloutControl, Rollouts } from '../services/rollouts.ts';

/** What the targets of a certificate may have, and why none of them may be deployed to now (null: they may). */
export interface CertificateNow {
  readonly due: Due;
  readonly notNow: string | null;
}

interface Services {
  readonly catalogue: Pick<Catalogue, 'currentVersion'>;
  readonly rollouts: Pick<Rollouts, 'list'>;
}

/** As many of a certificate's rollouts as are looked at: those for parts share the number of the whole one before them. */
const lately = 50;

/** Asks once for each certificate, however many targets it has. */
export function certificatesNow(by: Services): (certificate: string) => Promise<CertificateNow> {
  const asked = new Map<string, Promise<CertificateNow>>();
  return (certificate) => {
    const answer = asked.get(certificate) ?? ask(by, certificate);
    asked.set(certificate, answer);
    return answer;
  };
}

async function ask({ catalogue, rollouts }: Services, certificate: string): Promise<CertificateNow> {
  const [current, recent] = await Promise.all([
    catalogue.currentVersion(certificate),
    rollouts.list({ certificate, limit: lately }),
  ]);
  const latest = Math.max(...recent.map(({ sequence }) => sequence));
  const open = recent.filter(
    ({ sequence, status, supersededBy }) =>
      sequence === latest && status !== 'ended' && supersededBy === null,
  );
  const [first] = open;
  const underway =
    first === undefined ? null : { fingerprint: first.fingerprint, moving: open.some(isMoving) };
  const due = { current: current?.fingerprint ?? null, underway };
  return { due, notNow: reasonNotNow(due, first) };
}

const isMoving = ({ status }: RolloutControl) => status !== 'halted';

function reasonNotNow({ current }: Due, open: RolloutControl | undefined): string | null {
  if (open?.status === 'halted') {
    return `rollout ${open.id} is halted (${open.reason ?? 'no reason given'}): a person says whether it goes on`;
  }
  if (open !== undefined) return `rollout ${open.id} is under way`;
  return current === null ? 'no rollout of this certificate has ended well yet' : null;
}
