import * as z from 'zod/mini';
import { maximumSuccessThreshold, mostAttempts, type ProbeTimes } from './probe-time.ts';

/** How TLS begins on the endpoint: at once, or after a STARTTLS conversation of this protocol. */
export const probeProtocols = ['tls', 'smtp', 'imap', 'pop3', 'sieve', 'postgres', 'mysql', 'ldap'] as const;
export const ProbeProtocol = z.enum(probeProtocols);
export type ProbeProtocol = z.infer<typeof ProbeProtocol>;

/** `host:port`, with brackets around an IPv6 address. */
export const Endpoint = z.string().check(
  z.regex(
    /^(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?):([1-9][0-9]{0,4})$/,
    'host:port, such as 10.0.0.7:443 or [::1]:8443',
  ),
  z.refine((endpoint) => endpointParts(endpoint).port <= 65_535, 'a port up to 65535'),
  z.refine(
    (endpoint) => !endpoint.startsWith('[') || z.ipv6().safeParse(endpointParts(endpoint).host).success,
    'an IPv6 address between the brackets',
  ),
);

/** Host (without brackets) and port of an {@link Endpoint}. */
export function endpointParts(endpoint: string): { host: string; port: number } {
  const colon = endpoint.lastIndexOf(':');
  return {
    host: endpoint.slice(0, colon).replace(/^\[(.*)\]$/, '$1'),
    port: Number(endpoint.slice(colon + 1)),
  };
}

/** What clients ask for by SNI, and what the leaf has to cover. An IPv4 address is not asked for, but covered. */
const HostName = z
  .string()
  .check(
    z.regex(/^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$/, 'one host name that clients use, not a wildcard'),
  );

interface Backoff {
  readonly initialBackoffSeconds: number;
  readonly maxBackoffSeconds?: number | undefined;
}

type ProbeFrom = ProbeTimes['probeFrom'];

/** A `verify` with its defaults, but without those that follow from other fields. */
interface Given extends Backoff, Omit<ProbeTimes, 'maxBackoffSeconds' | 'probeFrom'> {
  readonly endpoint: string;
  readonly protocol?: ProbeProtocol | undefined;
  readonly probeFrom?: ProbeFrom | undefined;
}

const defaultMaxBackoffSeconds = 16;

/** An {@link Endpoint}, or a port of the node itself: `{host}` stands for the address of the node, filled in when it is known. */
export const NodeEndpoint = z
  .string()
  .check(
    z.refine(
      (endpoint) => Endpoint.safeParse(endpoint.replace(/^\{host\}:/, 'node:')).success,
      'host:port, such as 10.0.0.7:443, or {host}:443 for the node itself',
    ),
  );

const fields = {
  endpoint: Endpoint,
  serverName: z.optional(HostName),
  attempts: z._default(z.int().check(z.gte(1), z.lte(50)), 3),
  initialBackoffSeconds: z._default(z.int().check(z.gte(1), z.lte(300)), 1),
  /** Default: 16, or `initialBackoffSeconds` where that is more. */
  maxBackoffSeconds: z.optional(z.int().check(z.gte(1), z.lte(900))),
  timeoutSeconds: z._default(z.int().check(z.gte(1), z.lte(60)), 10),
  addresses: z._default(z.enum(['all', 'any']), 'all'),
  successThreshold: z._default(z.int().check(z.gte(1), z.lte(20)), 1),
  probeFrom: z.optional(z.enum(['lambda', 'host'])),
  requireChain: z._default(z.boolean(), true),
};

const rules = [
  z.refine<Backoff>((verify) => maxBackoffSecondsOf(verify) >= verify.initialBackoffSeconds, {
    path: ['maxBackoffSeconds'],
    error: 'at least as many seconds as initialBackoffSeconds',
  }),
  withinTime('successThreshold', ({ successThreshold, timeoutSeconds }) => {
    const most = maximumSuccessThreshold({ timeoutSeconds });
    return successThreshold <= most
      ? null
      : `at most ${most} with a timeoutSeconds of ${timeoutSeconds}, so that a look ends in time`;
  }),
  withinTime('attempts', (verify) => {
    const times = { ...verify, ...derived(verify) };
    const most = mostAttempts(times);
    return verify.attempts <= most
      ? null
      : `at most ${most} with a maxBackoffSeconds of ${times.maxBackoffSeconds} and a timeoutSeconds of ${verify.timeoutSeconds}, so that a deployment ends within a day`;
  }),
] as const;

/** Proof that a target serves its certificate. Times are seconds. */
export const Verify = verifyWith({ endpoint: Endpoint });
export type Verify = z.infer<typeof Verify>;

function verifyWith(endpoint: { readonly endpoint: typeof Endpoint }) {
  return z.pipe(
    z.strictObject({ ...fields, ...endpoint, protocol: z._default(ProbeProtocol, 'tls') }).check(...rules),
    z.transform((verify) => ({ ...verify, ...derived(verify) })),
  );
}

/** The same where the target's config may know how TLS begins: a `protocol` that nobody said stays unsaid. */
function openVerifyWith(endpoint: { readonly endpoint: typeof Endpoint }) {
  return z.pipe(
    z.strictObject({ ...fields, ...endpoint, protocol: z.optional(ProbeProtocol) }).check(...rules),
    z.transform((verify) => ({ ...verify, ...derived(verify) })),
  );
}

/** A policy as it stands in the registry: {@link NodeEndpoint} for a place that is on several nodes. */
export const NodeVerifyPolicy = z.union([z.literal('none'), verifyWith({ endpoint: NodeEndpoint })]);
export const OpenNodeVerifyPolicy = z.union([z.literal('none'), openVerifyWith({ endpoint: NodeEndpoint })]);

/** Holds what follows from several fields against the one that has to give way: what is expected of it, or null. */
function withinTime(field: 'successThreshold' | 'attempts', expected: (verify: Given) => string | null) {
  return z.check<Given>(({ value, issues }) => {
    if (issues.length > 0) return; // a field that is wrong by itself says so already
    const message = expected(value);
    if (message !== null) issues.push({ code: 'custom', path: [field], message, input: value });
  });
}

function derived(verify: Given): Pick<ProbeTimes, 'maxBackoffSeconds' | 'probeFrom'> {
  return {
    maxBackoffSeconds: maxBackoffSecondsOf(verify),
    probeFrom: verify.probeFrom ?? defaultProbeFrom(verify.protocol, verify.endpoint),
  };
}

function maxBackoffSecondsOf({ initialBackoffSeconds, maxBackoffSeconds }: Backoff): number {
  return maxBackoffSeconds ?? Math.max(initialBackoffSeconds, defaultMaxBackoffSeconds);
}

/** Lambda cannot reach port 25 (AWS blocks it), so SMTP there is looked at from the host. */
function defaultProbeFrom(protocol: ProbeProtocol | undefined, endpoint: string): ProbeFrom {
  return protocol === 'smtp' && endpointParts(endpoint).port === 25 ? 'host' : 'lambda';
}

/** A target says how it is verified, or says out loud that it is not. */
export const VerifyPolicy = z.union([z.literal('none'), Verify]);
export type VerifyPolicy = z.infer<typeof VerifyPolicy>;

/** A {@link VerifyPolicy} without the default of `protocol`, for {@link withProtocol} to complete. */
export const OpenVerifyPolicy = z.union([z.literal('none'), openVerifyWith({ endpoint: Endpoint })]);

/** Gives a policy the protocol that its target's config knows, unless it says one itself. */
export function withProtocol(policy: z.infer<typeof OpenVerifyPolicy>, known: ProbeProtocol): VerifyPolicy {
  return policy === 'none' ? policy : { ...policy, protocol: policy.protocol ?? known };
}
