import * as z from 'zod/mini';
import { described } from './kinds/described.ts';
import { ProbeProtocol } from './kinds/probe-protocol.ts';
import { maximumAttempts, type ProbeTimes } from './probe-time.ts';
import { defaultSuccessThreshold } from './success-threshold.ts';
import { usualVerifyDefaults, type VerifyDefaults } from './verify-defaults.ts';

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

/** An {@link Endpoint}, or `{host}:port`: `{host}` is replaced with the address of the host once the host is known. */
const HostEndpoint = z
  .string()
  .check(
    z.refine(
      (endpoint) => Endpoint.safeParse(endpoint.replace(/^\{host\}:/, 'host:')).success,
      'host:port, such as 10.0.0.7:443, or {host}:443 for the address of the host itself',
    ),
  );

/** The name that clients send by SNI and that the leaf must cover. An IPv4 address is not sent, but must be covered. */
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

/** A `verify` with its defaults, except those that depend on other fields. */
interface VerifyFields extends Backoff, Pick<ProbeTimes, 'attempts' | 'timeoutSeconds'> {
  readonly endpoint: string;
  readonly protocol?: ProbeProtocol | undefined;
  readonly successThreshold?: number | undefined;
  readonly probeFrom?: ProbeFrom | undefined;
}

const endpointDescription = 'host:port of this one target, not of a load balancer before it.';

const fieldsWith = ({ attempts, initialBackoffSeconds, maxBackoffSeconds }: VerifyDefaults) => ({
  serverName: described(
    z.optional(HostName),
    'The name that the probe sends (SNI) and that the certificate must cover. Default: the host of endpoint.',
  ),
  attempts: described(
    z._default(z.int().check(z.gte(1), z.lte(50)), attempts),
    'Number of probes before the previous version is restored.',
  ),
  initialBackoffSeconds: described(
    z._default(z.int().check(z.gte(1), z.lte(300)), initialBackoffSeconds),
    'Seconds before the second probe. Each later wait is twice as long as the one before it.',
  ),
  maxBackoffSeconds: described(
    z.optional(z.int().check(z.gte(1), z.lte(900))),
    `The longest wait in seconds. Default: ${maxBackoffSeconds}, or initialBackoffSeconds if that is more.`,
  ),
  timeoutSeconds: described(
    z._default(z.int().check(z.gte(1), z.lte(60)), 10),
    'Seconds that one handshake may take.',
  ),
  addresses: described(
    z._default(z.enum(['all', 'any']), 'all'),
    'all: every address of the name must serve the certificate. any: one address is enough.',
  ),
  successThreshold: described(
    z.optional(z.int().check(z.gte(1), z.lte(50))),
    'Number of handshakes with each address, all of which must succeed. Default: 12, which find a process with a third of the connections with 99 % probability; 1 for mysql.',
  ),
  probeFrom: described(
    z.optional(z.enum(['lambda', 'host'])),
    'Where the probe runs. Default: host for smtp on port 25, which Lambda cannot reach, else lambda.',
  ),
  onProbeUnavailable: described(
    z._default(z.enum(['alert', 'accept']), 'alert'),
    'What happens after a deployment if the probe cannot be made for minutes, for example because its function is throttled. Nothing is rolled back. alert: the deployment ends as deployed_unprobed and needs attention. accept: it ends as deployed_unverified.',
  ),
  requireChain: described(
    z._default(z.boolean(), true),
    'true: the endpoint must also send the intermediates, in order.',
  ),
});

const protocolDescription =
  'How TLS begins: at once (tls), or after STARTTLS of this protocol. Default: tls, or the protocol of the preset.';

const rulesWith = (defaults: VerifyDefaults) =>
  [
    z.refine<Backoff>((verify) => maxBackoffSecondsOf(verify, defaults) >= verify.initialBackoffSeconds, {
      path: ['maxBackoffSeconds'],
      error: 'at least as many seconds as initialBackoffSeconds',
    }),
    withinTime((verify) => {
      const times = { ...verify, ...derived(verify, defaults) };
      const maximum = maximumAttempts(times);
      return verify.attempts <= maximum
        ? null
        : `at most ${maximum} with a maxBackoffSeconds of ${times.maxBackoffSeconds} and a timeoutSeconds of ${verify.timeoutSeconds}, because a deployment must end within a day`;
    }),
  ] as const;

const usualFields = fieldsWith(usualVerifyDefaults);

/**
 * How an endpoint is verified. Times are seconds. In a targets file only the endpoints of a service have this schema, so
 * the descriptions are about services. The endpoints of targets have {@link RegisteredVerifyPolicy}.
 */
export const Verify = z.pipe(
  z
    .strictObject({
      ...usualFields,
      endpoint: described(
        Endpoint,
        'host:port of the service as clients reach it, such as its load balancer.',
      ),
      protocol: described(
        z._default(ProbeProtocol, 'tls'),
        'How TLS begins: at once (tls), or after STARTTLS of this protocol.',
      ),
      attempts: described(usualFields.attempts, 'Number of probes before the service counts as stale.'),
      onProbeUnavailable: described(
        usualFields.onProbeUnavailable,
        'Without effect for a service. If it cannot be probed for minutes, the rollout halts and rolls nothing back.',
      ),
      probeFrom: described(
        usualFields.probeFrom,
        'lambda. For smtp on port 25 it must be explicit: Lambda reaches that port only if AWS has opened it.',
      ),
    })
    .check(...rulesWith(usualVerifyDefaults)),
  z.transform((verify) => ({ ...verify, ...derived(verify, usualVerifyDefaults) })),
);
export type Verify = z.infer<typeof Verify>;

/**
 * {@link Verify} with the defaults of a kind, and without those of `protocol` and `successThreshold`, which depend on the
 * config of the target: see {@link withProtocol}.
 */
function openVerify(endpoint: typeof Endpoint, defaults: VerifyDefaults) {
  return z.pipe(
    z
      .strictObject({
        endpoint: described(endpoint, endpointDescription),
        protocol: described(z.optional(ProbeProtocol), protocolDescription),
        ...fieldsWith(defaults),
      })
      .check(...rulesWith(defaults)),
    z.transform((verify) => ({ ...verify, ...timesOf(verify, defaults) })),
  );
}

/** A rule about the time of all attempts; `expected` returns the expected value as text, or null if the rule is met. */
function withinTime(expected: (verify: VerifyFields) => string | null) {
  return z.check<VerifyFields>(({ value, issues }) => {
    if (issues.length > 0) return; // an invalid field is already reported
    const message = expected(value);
    if (message !== null) issues.push({ code: 'custom', path: ['attempts'], message, input: value });
  });
}

function derived(
  verify: VerifyFields,
  defaults: VerifyDefaults,
): Pick<ProbeTimes, 'maxBackoffSeconds' | 'probeFrom' | 'successThreshold'> {
  return { ...timesOf(verify, defaults), successThreshold: successThresholdOf(verify) };
}

function successThresholdOf({
  protocol,
  successThreshold,
}: Pick<VerifyFields, 'protocol' | 'successThreshold'>) {
  return successThreshold ?? defaultSuccessThreshold(protocol);
}

function timesOf(
  verify: VerifyFields,
  defaults: VerifyDefaults,
): Pick<ProbeTimes, 'maxBackoffSeconds' | 'probeFrom'> {
  return {
    maxBackoffSeconds: maxBackoffSecondsOf(verify, defaults),
    probeFrom: verify.probeFrom ?? defaultProbeFrom(verify.protocol, verify.endpoint),
  };
}

function maxBackoffSecondsOf(
  { initialBackoffSeconds, maxBackoffSeconds }: Backoff,
  defaults: VerifyDefaults,
): number {
  return maxBackoffSeconds ?? Math.max(initialBackoffSeconds, defaults.maxBackoffSeconds);
}

/** AWS blocks port 25 for Lambda, so the host probes SMTP there. */
function defaultProbeFrom(protocol: ProbeProtocol | undefined, endpoint: string): ProbeFrom {
  return protocol === 'smtp' && endpointParts(endpoint).port === 25 ? 'host' : 'lambda';
}

/** How a deployment to a target is verified; `none` must be explicit. */
export const VerifyPolicy = z.union([z.literal('none'), Verify]);
export type VerifyPolicy = z.infer<typeof VerifyPolicy>;

/** The policy of a target on one host, before its protocol is known, with the defaults of its kind. */
export const openVerifyPolicy = (defaults: VerifyDefaults) =>
  z.union([z.literal('none'), openVerify(Endpoint, defaults)]);
type OpenVerifyPolicy = ReturnType<typeof openVerifyPolicy>;
export type OpenVerify = z.output<OpenVerifyPolicy>;
export type OpenVerifyInput = z.input<OpenVerifyPolicy>;

/** The policy of a registered target, whose endpoint may contain `{host}`, with the defaults of its kind. */
export const registeredVerifyPolicy = (defaults: VerifyDefaults): OpenVerifyPolicy =>
  z.union([z.literal('none'), openVerify(HostEndpoint, defaults)]);

/** The policy with the default protocol of its target, unless it names a protocol, and with what depends on that. */
export function withProtocol(policy: OpenVerify, defaultProtocol: ProbeProtocol): VerifyPolicy {
  if (policy === 'none') return policy;
  const protocol = policy.protocol ?? defaultProtocol;
  return { ...policy, protocol, successThreshold: successThresholdOf({ ...policy, protocol }) };
}
