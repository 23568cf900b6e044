import * as z from 'zod/mini';
import { Baseline } from './baseline.ts';
import { AgentOutcome } from './outcome.ts';
import { Fingerprint, VersionFacts } from './version.ts';

/**
 * Public half of a host's key: `kid` is the RFC 7638 thumbprint, the others are the members of its JWK. An X25519 key has only
 * `x` (RFC 8037), a P-256 key also has `y` (RFC 7518).
 */
export const HostKey = z.union([
  z.strictObject({ kid: z.string(), x: z.string() }),
  z.strictObject({ kid: z.string(), x: z.string(), y: z.string() }),
]);
export type HostKey = z.infer<typeof HostKey>;

/** Instructions for a host whose files could not be restored: the backups, and the exact commands to type. */
export const Repair = z.strictObject({
  files: z.array(z.strictObject({ path: z.string(), backup: z.nullable(z.string()) })),
  commands: z.array(z.string()),
});
export type Repair = z.infer<typeof Repair>;

/** The recovery of an interrupted earlier job, made before this job. */
export const Recovery = z.strictObject({
  deploymentId: z.string(),
  targetId: z.string(),
  outcome: z.enum(['restored', 'completed', 'cleaned', 'rollback_failed']),
});
export type Recovery = z.infer<typeof Recovery>;

/** The result of probing one address, from the host or from elsewhere. */
export const Observation = z.strictObject({
  address: z.string(),
  fingerprint: z.nullable(Fingerprint),
  ok: z.boolean(),
  problem: z.nullable(z.string()),
  /** The probe of the address could not be made, so the state of the address is unknown. */
  unavailable: z.optional(z.literal(true)),
});
export type Observation = z.infer<typeof Observation>;

/** The certificate that one address serves, or the problem; one of the two is null. `notAfter` is epoch seconds. */
const InspectedAddress = z.strictObject({
  address: z.string(),
  problem: z.nullable(z.string()),
  served: z.nullable(
    z.strictObject({ fingerprint: Fingerprint, chain: z.array(Fingerprint), notAfter: z.int() }),
  ),
  /** The host has no route to the address family, so the state of the address is unknown. */
  noRoute: z.optional(z.literal(true)),
  /** The probe could not be made for another reason of the host, so the state of the address is unknown too. */
  unavailable: z.optional(z.literal(true)),
});

/** The inspection of one target's endpoint by its host. `seen` is null if it does not fit into the line. */
export const HostInspection = z.strictObject({
  targetId: z.string(),
  seen: z.nullable(z.array(InspectedAddress)),
});
export type HostInspection = z.infer<typeof HostInspection>;

/**
 * The single line of JSON that an agent prints, below SSM's limit of 24,000 bytes (`core/bounds/agent-line.ts`). Every field is
 * present (null if it has no value), so that every JSONPath of a state machine resolves.
 *
 * `version` is installed now, `previousVersion` was installed before. `served`: whether the agent itself got the new leaf
 * from the endpoint. `validatedIn`: where the daemon checked the files. `inPlace`: the files already had the version
 * before the job. The last three are optional: no path of a state machine names them.
 */
export const AgentLine = z.strictObject({
  v: z.literal(1),
  deploymentId: z.string(),
  targetId: z.string(),
  outcome: AgentOutcome,
  summary: z.string(),
  reason: z.nullable(z.string()),
  version: z.nullable(VersionFacts),
  previousVersion: z.nullable(VersionFacts),
  warnings: z.array(z.string()),
  validatedIn: z.nullable(z.enum(['sandbox', 'in_place', 'none'])),
  served: z.nullable(z.boolean()),
  repair: z.nullable(Repair),
  recovered: z.nullable(Recovery),
  hostKey: z.nullable(HostKey),
  observations: z.nullable(z.array(Observation)),
  inspections: z.optional(z.array(HostInspection)),
  baseline: z.optional(Baseline),
  inPlace: z.optional(z.literal(true)),
});
export type AgentLine = z.infer<typeof AgentLine>;

/**
 * The ids in the line of a job that the agent refused because of its signature. It has not read the ids of the job, which
 * anyone may have written.
 */
export const unreadJob = { deploymentId: '', targetId: '' } as const;

/** A line with the given fields; all others are null. */
export function agentLine(
  known: Pick<AgentLine, 'deploymentId' | 'targetId' | 'outcome' | 'summary'> & Partial<AgentLine>,
): AgentLine {
  return {
    v: 1,
    reason: null,
    version: null,
    previousVersion: null,
    warnings: [],
    validatedIn: null,
    served: null,
    repair: null,
    recovered: null,
    hostKey: null,
    observations: null,
    ...known,
  };
}

/** The last agent line of an agent's output; null if there is none, because the agent was killed or never started. */
export function readAgentLine(output: string): AgentLine | null {
  for (const text of output.trimEnd().split('\n').reverse()) {
    const parsed = AgentLine.safeParse(parseJson(text));
    if (parsed.success) return parsed.data;
  }
  return null;
}

function parseJson(text: string): unknown {
  if (!text.startsWith('{')) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
