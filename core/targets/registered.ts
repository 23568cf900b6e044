import * as z from 'zod/mini';
import { functionHost } from './host-location.ts';
import { described } from './kinds/described.ts';
import { isMemberId } from './member-id.ts';
import { OnDeployed } from './on-deployed.ts';
import { CertificateName, Host, Target, TargetId, unionOfKinds } from './target.ts';
import { type OpenVerify, registeredVerifyPolicy } from './verify.ts';
import { MaintenanceWindow } from './window.ts';

const location = {
  account: described(
    z.optional(z.string().check(z.regex(/^\d{12}$/, 'an account id of 12 digits, in quotes'))),
    'The account of the hosts, 12 digits in quotes, if it is not the account of the stack. certferry assumes its role there.',
  ),
  region: described(
    z.optional(z.string().check(z.regex(/^[a-z]{2}(-[a-z]+)+-\d$/, 'a region, such as eu-west-1'))),
    'The region of the hosts, if it is not the region of the stack.',
  ),
};

/** certferry assumes a role in the account and calls the APIs of the region, so it needs both. */
const bothOrNone = z.refine<{ account?: string | undefined; region?: string | undefined }>(
  ({ account, region }) => (account === undefined) === (region === undefined),
  'account and region together, for hosts outside the account and region of the stack',
);

/** The hosts of a registered target: one by its id, all with every tag, or the instances of an Auto Scaling group. */
export const HostSelector = z.union([
  Host,
  z
    .strictObject({
      tags: described(
        z
          .record(z.string().check(z.minLength(1), z.maxLength(128)), z.string().check(z.maxLength(256)))
          .check(z.refine((tags) => Object.keys(tags).length > 0, 'at least one tag')),
        'Selects the hosts with every one of these tags, among the hosts with the tag certferry=true. A new host gets the current version.',
      ),
      ...location,
    })
    .check(bothOrNone),
  z
    .strictObject({
      autoScalingGroup: described(
        z.string().check(z.minLength(1), z.maxLength(255)),
        'Selects the running instances of this group. A new instance gets the current version when it starts.',
      ),
      ...location,
    })
    .check(bothOrNone),
]);
export type HostSelector = z.infer<typeof HostSelector>;

/** Leaves room for `.` and a host id: the target of each host is named so if there are several. */
const maximumFleetIdLength = 40;

const common = {
  id: described(
    TargetId.check(
      z.refine(
        (id) => !isMemberId(id),
        'an id that does not end with a host id: such ids are reserved for the hosts of a target on several hosts',
      ),
    ),
    'The name of the target in locks, history and on the host. Never reuse the id of another target.',
  ),
  certificate: described(CertificateName, 'The name of the certificate, such as api.example.com.'),
  host: described(
    HostSelector,
    'The host: i-…, mi-…, local for this machine, or lambda for a function of the stack. Or all hosts with some tags, or of an Auto Scaling group.',
  ),
  autoHeal: described(
    z._default(z.boolean(), false),
    'true: the drift sweep deploys the current version again if the endpoint serves another certificate.',
  ),
  onDeployed: OnDeployed,
  window: described(
    z.optional(MaintenanceWindow),
    'The only time in which rollouts deploy to this target, unless they are urgent or the installed certificate would expire before.',
  ),
};

/**
 * A target as written in a targets file and stored in the registry, on one host or on several. For each host,
 * {@link memberOf} returns a {@link Target}.
 */
export const RegisteredTarget = unionOfKinds(common, registeredVerifyPolicy).check(
  z.refine((target) => typeof target.host === 'string' || target.id.length <= maximumFleetIdLength, {
    path: ['id'],
    error: `at most ${maximumFleetIdLength} characters for a target on several hosts, because the host id is appended`,
  }),
  z.refine(({ host, verify }) => host !== functionHost || !needsAddress(verify), {
    path: ['verify', 'endpoint'],
    error: 'an endpoint without {host} for host: lambda, because a function has no address',
  }),
);
export type RegisteredTarget = z.infer<typeof RegisteredTarget>;

/** A host that a selector found. `address` replaces `{host}` in an endpoint; null if the host has none. */
export interface Member {
  readonly host: Host;
  readonly address: string | null;
}

/** The id of a registered target on one host: its own id, unless it is on several hosts. */
export function memberTargetId({ id, host: selector }: RegisteredTarget, host: Host): string {
  return typeof selector === 'string' ? id : `${id}.${host.split('/').at(-1)}`;
}

/**
 * A registered target on one of its hosts. Null if its endpoint needs the address of a host that has none: such a
 * deployment could not be verified.
 */
export function memberOf(registered: RegisteredTarget, { host, address }: Member): Target | null {
  const { autoHeal: _, window: __, verify, ...fields } = registered;
  if (needsAddress(verify) && address === null) return null;
  const resolved = needsAddress(verify)
    ? { ...verify, endpoint: verify.endpoint.replace('{host}', bracketed(address ?? '')) }
    : verify;
  return Target.parse({ ...fields, id: memberTargetId(registered, host), host, verify: resolved });
}

/** Whether the endpoint contains the address of the host. */
function needsAddress(verify: OpenVerify): verify is Exclude<OpenVerify, 'none'> {
  return verify !== 'none' && verify.endpoint.startsWith('{host}:');
}

const bracketed = (address: string) => (address.includes(':') ? `[${address}]` : address);
