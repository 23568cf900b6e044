import * as z from 'zod/mini';
import {
  CertificateName,
  filesKind,
  Host,
  plainKinds,
  Target,
  TargetId,
  withKnownProtocol,
} from './target.ts';
import { NodeVerifyPolicy, OpenNodeVerifyPolicy } from './verify.ts';
import { MaintenanceWindow } from './window.ts';

const where = {
  /** Another account than the stack's own: its role for certferry is assumed. */
  account: z.optional(z.string().check(z.regex(/^\d{12}$/, 'an account id of 12 digits, in quotes'))),
  region: z.optional(z.string().check(z.regex(/^[a-z]{2}(-[a-z]+)+-\d$/, 'a region, such as eu-west-1'))),
};

/** A role is assumed in an account, and its clients are of a region: one says nothing without the other. */
const bothOrNone = z.refine<{ account?: string | undefined; region?: string | undefined }>(
  ({ account, region }) => (account === undefined) === (region === undefined),
  'account and region together, for hosts that are not in the stack’s own',
);

/** Which hosts a place is on: one by its id, all that bear every one of the tags, or an Auto Scaling group's. */
export const HostSelector = z.union([
  Host,
  z
    .strictObject({
      tags: z
        .record(z.string().check(z.minLength(1), z.maxLength(128)), z.string().check(z.maxLength(256)))
        .check(z.refine((tags) => Object.keys(tags).length > 0, 'at least one tag')),
      ...where,
    })
    .check(bothOrNone),
  z
    .strictObject({ autoScalingGroup: z.string().check(z.minLength(1), z.maxLength(255)), ...where })
    .check(bothOrNone),
]);
export type HostSelector = z.infer<typeof HostSelector>;

/** Leaves room for `.` and a host's id: the members of a place on several hosts are named so. */
const longestFleetId = 40;

/** `web.i-0123456789abcdef0`: the name of a member, which nobody may give to a target of his own. */
const memberId = /\.(i-[0-9a-f]{8,17}|mi-[0-9a-f]{17})$/;

const common = {
  id: TargetId.check(
    z.refine((id) => !memberId.test(id), 'an id that does not end as a host id: those name the members'),
  ),
  certificate: CertificateName,
  host: HostSelector,
  verify: NodeVerifyPolicy,
  /** The drift sweep deploys again what is not served any more. */
  autoHeal: z._default(z.boolean(), false),
  window: z.optional(MaintenanceWindow),
};

/**
 * A target as people write it and as the registry keeps it: a place on one host or on several, with what the fleet
 * needs to know of it. Each of its hosts gives a {@link Target}: {@link memberOf}.
 */
export const RegisteredTarget = z
  .discriminatedUnion('kind', [
    ...plainKinds(common),
    z.pipe(
      z.strictObject({ ...common, verify: OpenNodeVerifyPolicy, ...filesKind }),
      z.transform(withKnownProtocol),
    ),
  ])
  .check(
    z.refine((target) => typeof target.host === 'string' || target.id.length <= longestFleetId, {
      path: ['id'],
      error: `at most ${longestFleetId} characters for a target on several hosts: their ids follow it`,
    }),
  );
export type RegisteredTarget = z.infer<typeof RegisteredTarget>;

/** One host as it was found. `address` is what `{host}` in an endpoint stands for; null where it has none. */
export interface Member {
  readonly host: Host;
  readonly address: string | null;
}

/** The id of the target that a registered target is on one host: its own, unless it is on several. */
export function memberTargetId({ id, host: selector }: RegisteredTarget, host: Host): string {
  return typeof selector === 'string' ? id : `${id}.${host.split('/').at(-1)}`;
}

/** The id under which a target is registered, from that of a target on one host. */
export function registeredIdOf(targetId: string): string {
  return targetId.replace(memberId, '');
}

/**
 * A registered target on one of its hosts. Null where its endpoint asks for the address of a host that has none:
 * nobody could say whether the certificate is served there.
 */
export function memberOf(registered: RegisteredTarget, { host, address }: Member): Target | null {
  const { autoHeal: _, window: __, verify, ...place } = registered;
  const asks = verify !== 'none' && verify.endpoint.startsWith('{host}:');
  if (asks && address === null) return null;
  const seen = asks
    ? { ...verify, endpoint: verify.endpoint.replace('{host}', bracketed(address ?? '')) }
    : verify;
  return Target.parse({ ...place, id: memberTargetId(registered, host), host, verify: seen });
}

const bracketed = (address: string) => (address.includes(':') ? `[${address}]` : address);
