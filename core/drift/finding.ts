import { daysUntil, shortFingerprint } from '../certificate/describe.ts';
import type { VersionFacts } from '../deployment/version.ts';
import type { AddressInspection, ServedFacts } from '../tls-probe/inspect-endpoint.ts';

/**
 * What the sweep says of a target. `drift`: it serves neither what it should nor what was there before. `outdated`: it
 * has another version than its certificate's current one, as after a deployment that failed. `not_probed`: nobody looked,
 * since the target says `verify: none`, or only its host can look and could not be asked just then.
 */
export const conditions = [
  'ok',
  'drift',
  'outdated',
  'never_deployed',
  'chain_incomplete',
  'expired',
  'expiring',
  'unreachable',
  'not_probed',
] as const;
export type Condition = (typeof conditions)[number];

/** What certferry knows a target to have: the part of the registry's item that counts here. */
export interface Known {
  /** Null when nobody knows: the last deployment was lost, or could not be undone. */
  readonly fingerprint: string | null;
  /** Epoch seconds. */
  readonly notAfter: number | null;
  readonly version: VersionFacts | null;
}

/** Which versions a target may have now. */
export interface Due {
  /** Of the certificate's last rollout that ended well; null before the first. */
  readonly current: string | null;
  /** Of a rollout that has begun and not ended. `moving`: its deployments are under way this moment. */
  readonly underway: { readonly fingerprint: string; readonly moving: boolean } | null;
}

/** What counts here of what one address serves, whoever looked. */
export interface InspectedAddress extends Pick<AddressInspection, 'address' | 'problem'> {
  readonly noRoute?: true | undefined;
  readonly served: Pick<ServedFacts, 'fingerprint' | 'chain' | 'daysLeft'> | null;
}

/** How the endpoint was looked at, or why it was not. */
export type EndpointInspection =
  | {
      readonly inspections: readonly InspectedAddress[];
      readonly addresses: 'all' | 'any';
      readonly requireChain: boolean;
    }
  | { readonly notInspected: string };

export interface Finding {
  readonly condition: Condition;
  /** Only some of the endpoint's addresses are wrong: it is more than this one node. */
  readonly partial: boolean;
  /** Whole days until what is served expires, or what is installed where nobody looked; null when unknown. */
  readonly daysToExpiry: number | null;
  readonly summary: string;
}

/** From here on a certificate that is otherwise right is called `expiring`: nobody may still be renewing it. */
export const expiringDays = 14;

/** Holds what was seen against what should be there. Pure; the worst thing that is wrong is what it says. */
export function classify(known: Known | null, due: Due, sight: EndpointInspection, now: Date): Finding {
  const view = viewOf(known, due, sight, now);
  const problem =
    neverDeployed(view) ?? unreachable(view) ?? anotherLeaf(view) ?? chainIncomplete(view) ?? ageing(view);
  const { condition, summary, partial = false } = problem ?? allIsWell(view);
  return { condition, summary, partial, daysToExpiry: view.daysToExpiry };
}

/** What the checks look at, worked out once. */
interface View {
  readonly known: Known | null;
  readonly due: Due;
  readonly notInspected: string | null;
  readonly requireChain: boolean;
  /** One good address is enough. */
  readonly anyWillDo: boolean;
  readonly failed: readonly InspectedAddress[];
  readonly right: readonly Seen[];
  readonly wrong: readonly Seen[];
  readonly daysToExpiry: number | null;
}

interface Seen extends NonNullable<InspectedAddress['served']> {
  readonly address: string;
}

type Problem = Pick<Finding, 'condition' | 'summary'> & { readonly partial?: boolean };

function viewOf(known: Known | null, due: Due, sight: EndpointInspection, now: Date): View {
  const unlooked = 'notInspected' in sight;
  const inspections = unlooked ? [] : withoutUnrouted(sight.inspections);
  const seen = inspections.flatMap(({ address, served }) =>
    served === null ? [] : [{ ...served, address }],
  );
  const wanted = acceptable(known, due);
  const isRight = ({ fingerprint }: Seen) => wanted.length === 0 || wanted.includes(fingerprint);
  return {
    known,
    due,
    notInspected: unlooked ? sight.notInspected : null,
    requireChain: !unlooked && sight.requireChain,
    anyWillDo: !unlooked && sight.addresses === 'any',
    failed: inspections.filter(({ served }) => served === null),
    right: seen.filter(isRight),
    wrong: seen.filter((one) => !isRight(one)),
    daysToExpiry: daysLeft(seen, known, now),
  };
}

/** A family that this machine has no route to says nothing, as long as another one answered. */
function withoutUnrouted(inspections: readonly InspectedAddress[]): readonly InspectedAddress[] {
  const routed = inspections.filter(({ noRoute }) => noRoute !== true);
  return routed.some(({ served }) => served !== null) ? routed : inspections;
}

/**
 * The fingerprints that may be served. While a rollout moves, a target may be on either side of it; once it stands
 * still (halted, or over), it has what its last deployment gave it. Empty when nobody can say: then anything will do.
 */
function acceptable(known: Known | null, { current, underway }: Due): string[] {
  const both = [current, underway?.fingerprint ?? null];
  const believed = known?.fingerprint ?? null;
  if (underway?.moving !== true && believed !== null && both.includes(believed)) return [believed];
  const wanted = underway?.moving === true ? both : [current ?? believed];
  return wanted.filter((fingerprint) => fingerprint !== null);
}

function daysLeft(seen: readonly Seen[], known: Known | null, now: Date): number | null {
  if (seen.length > 0) return Math.min(...seen.map((one) => one.daysLeft));
  const notAfter = known?.notAfter ?? null;
  return notAfter === null ? null : daysUntil(notAfter, now);
}

function neverDeployed({ known }: View): Problem | null {
  if (known !== null) return null;
  return { condition: 'never_deployed', summary: 'certferry has never deployed to it' };
}

function unreachable({ notInspected, anyWillDo, failed, right, wrong }: View): Problem | null {
  if (notInspected !== null || failed.length === 0) return null;
  if (right.length + wrong.length > 0 && (anyWillDo || wrong.length > 0)) return null;
  return {
    condition: 'unreachable',
    summary: said(failed.map(({ address, problem }) => `${address}: ${problem}`)),
  };
}

function anotherLeaf(view: View): Problem | null {
  const { known, due, notInspected, anyWillDo, right, wrong, failed } = view;
  if (notInspected !== null) return notCurrent(view, notInspected);
  if (wrong.length === 0 || (anyWillDo && right.length > 0)) return null;
  const believed = known?.fingerprint ?? null;
  const asBefore = believed !== null && wrong.every(({ fingerprint }) => fingerprint === believed);
  const wanted = shortFingerprint(acceptable(known, due)[0] ?? '');
  return {
    condition: asBefore ? 'outdated' : 'drift',
    partial: right.length + failed.length > 0,
    summary: said(
      wrong.map(
        ({ address, fingerprint }) => `${address} serves ${shortFingerprint(fingerprint)}, not ${wanted}`,
      ),
    ),
  };
}

/** Where nobody looks, the registry's word is all there is. */
function notCurrent({ known, due }: View, notInspected: string): Problem | null {
  const wanted = acceptable(known, due);
  const believed = known?.fingerprint ?? null;
  if (wanted.length === 0 || (believed !== null && wanted.includes(believed))) return null;
  const has = believed === null ? 'nobody knows what it has' : `it has ${shortFingerprint(believed)}`;
  return {
    condition: 'outdated',
    summary: `${has}, not ${shortFingerprint(wanted[0] ?? '')} (${notInspected})`,
  };
}

function chainIncomplete({ known, requireChain, right }: View): Problem | null {
  const version = known?.version ?? null;
  if (version === null || !requireChain) return null;
  const broken = right.filter(
    ({ fingerprint, chain }) =>
      fingerprint === version.fingerprint &&
      version.chain.some((intermediate, at) => chain[at] !== intermediate),
  );
  if (broken.length === 0) return null;
  const addresses = broken.map(({ address }) => address);
  return {
    condition: 'chain_incomplete',
    partial: broken.length < right.length,
    summary: said(addresses.map((address) => `${address} does not send every intermediate in its order`)),
  };
}

function ageing({ daysToExpiry }: View): Problem | null {
  if (daysToExpiry === null || daysToExpiry > expiringDays) return null;
  if (daysToExpiry < 0)
    return { condition: 'expired', summary: `expired ${count(-daysToExpiry, 'day')} ago` };
  return { condition: 'expiring', summary: `expires in ${count(daysToExpiry, 'day')}` };
}

function allIsWell({ notInspected, right }: View): Problem {
  if (notInspected !== null) return { condition: 'not_probed', summary: notInspected };
  const served = right.map(({ fingerprint }) => shortFingerprint(fingerprint));
  return { condition: 'ok', summary: `serves ${[...new Set(served)].join(' and ')}` };
}

const mostSaid = 3;

function said(problems: readonly string[]): string {
  const more = problems.length > mostSaid ? `; and ${problems.length - mostSaid} more` : '';
  return problems.slice(0, mostSaid).join('; ') + more;
}

const count = (number: number, thing: string) => `${number} ${thing}${number === 1 ? '' : 's'}`;
