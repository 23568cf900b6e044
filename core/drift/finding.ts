import { daysUntil, shortFingerprint } from '../certificate/describe.ts';
import type { VersionFacts } from '../deployment/version.ts';
import type { AddressInspection, ServedFacts } from '../tls-probe/inspect-endpoint.ts';

/**
 * The conditions that the sweep reports. `drift`: the endpoint serves a leaf that certferry did not install. `outdated`:
 * it serves the version that certferry installed, but the certificate has a newer one, e.g. after a failed deployment.
 * `not_probed`: the target has `verify: none`, or the probe could not be made, from here or from its host.
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

/** The version on a target according to the registry. */
export interface KnownVersion {
  /** Null if unknown: the last deployment was lost, or could not be undone. */
  readonly fingerprint: string | null;
  /** Epoch seconds. */
  readonly notAfter: number | null;
  readonly version: VersionFacts | null;
}

/** The versions that the targets of a certificate may have now, as fingerprints. */
export interface ExpectedVersions {
  /** The current version; null before the first successful rollout. */
  readonly current: string | null;
  /** The version of a rollout that has started and not ended. `running`: it is deploying now, not halted. */
  readonly rollout: { readonly fingerprint: string; readonly running: boolean } | null;
}

/** The inspection of one address, from here or from the host. */
export interface InspectedAddress extends Pick<AddressInspection, 'address' | 'problem'> {
  readonly noRoute?: true | undefined;
  readonly unavailable?: true | undefined;
  readonly served: Pick<ServedFacts, 'fingerprint' | 'chain' | 'daysLeft' | 'notAfter'> | null;
}

/** The inspection of an endpoint, or the reason why there is none. */
export type EndpointInspection =
  | {
      readonly inspections: readonly InspectedAddress[];
      readonly addresses: 'all' | 'any';
      readonly requireChain: boolean;
    }
  | { readonly notInspected: string };

export interface Finding {
  readonly condition: Condition;
  /** Only some addresses of the endpoint are wrong: other hosts serve it too. */
  readonly partial: boolean;
  /** Whole days until the served certificate expires, or without a probe the installed one; null if unknown. */
  readonly daysToExpiry: number | null;
  /** The leaf that an address serves; of several leaves, the one that expires first. Null without a probe or without an answer. */
  readonly served: ServedLeaf | null;
  readonly summary: string;
}

/** A leaf as a client received it. */
export interface ServedLeaf {
  readonly fingerprint: string;
  /** Epoch seconds. */
  readonly notAfter: number;
}

/** With this many days left or fewer, a certificate that is otherwise ok is `expiring`: its renewal may have failed. */
export const expiringDays = 14;

/** Compares an inspection with the expected versions and returns the most severe condition. Pure. */
export function classify(
  known: KnownVersion | null,
  expected: ExpectedVersions,
  inspection: EndpointInspection,
  now: Date,
): Finding {
  const view = viewOf(known, expected, inspection, now);
  const problem =
    neverDeployed(view) ?? unreachable(view) ?? anotherLeaf(view) ?? chainIncomplete(view) ?? expiring(view);
  const { condition, summary, partial = false } = problem ?? okOrNotProbed(view);
  return { condition, summary, partial, daysToExpiry: view.daysToExpiry, served: firstToExpire(view) };
}

/** The input of the checks below. */
interface View {
  readonly known: KnownVersion | null;
  /** The fingerprints that may be served; empty if unknown, then any is accepted. */
  readonly accepted: readonly string[];
  readonly notInspected: string | null;
  readonly requireChain: boolean;
  /** One correct address is enough. */
  readonly oneIsEnough: boolean;
  readonly failed: readonly InspectedAddress[];
  readonly right: readonly ServedAddress[];
  readonly wrong: readonly ServedAddress[];
  readonly daysToExpiry: number | null;
}

interface ServedAddress extends NonNullable<InspectedAddress['served']> {
  readonly address: string;
}

type Problem = Pick<Finding, 'condition' | 'summary'> & { readonly partial?: boolean };

function viewOf(
  known: KnownVersion | null,
  expected: ExpectedVersions,
  inspection: EndpointInspection,
  now: Date,
): View {
  const made = 'notInspected' in inspection ? inspection : withoutUnavailable(inspection);
  const isMissing = 'notInspected' in made;
  const inspections = isMissing ? [] : made.inspections;
  const seen = inspections.flatMap(({ address, served }) =>
    served === null ? [] : [{ ...served, address }],
  );
  const accepted = acceptedVersions(known, expected);
  const isRight = ({ fingerprint }: ServedAddress) => accepted.length === 0 || accepted.includes(fingerprint);
  return {
    known,
    accepted,
    notInspected: isMissing ? made.notInspected : null,
    requireChain: !isMissing && made.requireChain,
    oneIsEnough: !isMissing && made.addresses === 'any',
    failed: inspections.filter(({ served }) => served === null),
    right: seen.filter(isRight),
    wrong: seen.filter((one) => !isRight(one)),
    daysToExpiry: daysLeft(seen, known, now),
  };
}

/** Ignores the addresses whose probe could not be made: their state is unknown. Without any other address, there is no inspection. */
function withoutUnavailable(
  inspection: Exclude<EndpointInspection, { notInspected: string }>,
): EndpointInspection {
  const { inspections } = inspection;
  const made = inspections.filter(({ noRoute, unavailable }) => noRoute !== true && unavailable !== true);
  if (made.length > 0 || inspections.length === 0) return { ...inspection, inspections: made };
  const problems = listed(inspections.map(({ address, problem }) => `${address}: ${problem}`));
  return { notInspected: `the probe could not be made: ${problems}` };
}

/**
 * The fingerprints that may be served. While a rollout is running, a target may have either version. Once it has halted or
 * ended, the target has the version of its last deployment. Empty if unknown: then any version is accepted.
 */
function acceptedVersions(known: KnownVersion | null, { current, rollout }: ExpectedVersions): string[] {
  const both = [current, rollout?.fingerprint ?? null];
  const installed = known?.fingerprint ?? null;
  if (rollout?.running !== true && installed !== null && both.includes(installed)) return [installed];
  const accepted = rollout?.running === true ? both : [current ?? installed];
  return accepted.filter((fingerprint) => fingerprint !== null);
}

function daysLeft(seen: readonly ServedAddress[], known: KnownVersion | null, now: Date): number | null {
  if (seen.length > 0) return Math.min(...seen.map((one) => one.daysLeft));
  const notAfter = known?.notAfter ?? null;
  return notAfter === null ? null : daysUntil(notAfter, now);
}

function firstToExpire({ right, wrong }: View): ServedLeaf | null {
  const [first] = [...wrong, ...right].sort((one, other) => one.notAfter - other.notAfter);
  return first === undefined ? null : { fingerprint: first.fingerprint, notAfter: first.notAfter };
}

function neverDeployed({ known }: View): Problem | null {
  if (known !== null) return null;
  return { condition: 'never_deployed', summary: 'certferry has not deployed to it yet' };
}

function unreachable({ notInspected, oneIsEnough, failed, right, wrong }: View): Problem | null {
  if (notInspected !== null || failed.length === 0) return null;
  if (right.length + wrong.length > 0 && (oneIsEnough || wrong.length > 0)) return null;
  return {
    condition: 'unreachable',
    summary: listed(failed.map(({ address, problem }) => `${address}: ${problem}`)),
  };
}

function anotherLeaf(view: View): Problem | null {
  const { known, accepted, notInspected, oneIsEnough, right, wrong, failed } = view;
  if (notInspected !== null) return notCurrent(view, notInspected);
  if (wrong.length === 0 || (oneIsEnough && right.length > 0)) return null;
  const installed = known?.fingerprint ?? null;
  const isInstalled = installed !== null && wrong.every(({ fingerprint }) => fingerprint === installed);
  const expected = shortFingerprint(accepted[0] ?? '');
  return {
    condition: isInstalled ? 'outdated' : 'drift',
    partial: right.length + failed.length > 0,
    summary: listed(
      wrong.map(
        ({ address, fingerprint }) => `${address} serves ${shortFingerprint(fingerprint)}, not ${expected}`,
      ),
    ),
  };
}

/** Without an inspection, only the registry is compared. */
function notCurrent({ known, accepted }: View, notInspected: string): Problem | null {
  const installed = known?.fingerprint ?? null;
  if (accepted.length === 0 || (installed !== null && accepted.includes(installed))) return null;
  const actual = installed === null ? 'its version is unknown' : `it has ${shortFingerprint(installed)}`;
  return {
    condition: 'outdated',
    summary: `${actual}, expected ${shortFingerprint(accepted[0] ?? '')} (${notInspected})`,
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
    summary: listed(addresses.map((address) => `${address} does not send every intermediate in order`)),
  };
}

function expiring({ daysToExpiry }: View): Problem | null {
  if (daysToExpiry === null || daysToExpiry > expiringDays) return null;
  if (daysToExpiry < 0)
    return { condition: 'expired', summary: `expired ${count(-daysToExpiry, 'day')} ago` };
  return { condition: 'expiring', summary: `expires in ${count(daysToExpiry, 'day')}` };
}

function okOrNotProbed({ notInspected, right }: View): Problem {
  if (notInspected !== null) return { condition: 'not_probed', summary: notInspected };
  const served = right.map(({ fingerprint }) => shortFingerprint(fingerprint));
  return { condition: 'ok', summary: `serves ${[...new Set(served)].join(' and ')}` };
}

const maximumListed = 3;

function listed(problems: readonly string[]): string {
  const more = problems.length > maximumListed ? `; and ${problems.length - maximumListed} more` : '';
  return problems.slice(0, maximumListed).join('; ') + more;
}

const count = (number: number, thing: string) => `${number} ${thing}${number === 1 ? '' : 's'}`;
