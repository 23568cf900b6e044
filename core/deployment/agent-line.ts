import * as z from 'zod/mini';
import { AgentOutcome } from './outcome.ts';
import { Fingerprint, VersionFacts } from './version.ts';

/** Public half of a host's X25519 key: `kid` is the RFC 7638 thumbprint, `x` base64url (RFC 8037). */
export const HostKey = z.strictObject({ kid: z.string(), x: z.string() });
export type HostKey = z.infer<typeof HostKey>;

/** What a person needs when the host could not be put back: where the old bytes are, and what to type, word for word. */
export const Repair = z.strictObject({
  files: z.array(z.strictObject({ path: z.string(), backup: z.nullable(z.string()) })),
  commands: z.array(z.string()),
});
export type Repair = z.infer<typeof Repair>;

/** Undoing of an earlier run that died half way, done before this job. */
export const Recovery = z.strictObject({
  deploymentId: z.string(),
  targetId: z.string(),
  outcome: z.enum(['restored', 'completed', 'cleaned', 'rollback_failed']),
});
export type Recovery = z.infer<typeof Recovery>;

/** One look at an endpoint, by whoever looked. */
export const Observation = z.strictObject({
  address: z.string(),
  fingerprint: z.nullable(Fingerprint),
  ok: z.boolean(),
  problem: z.nullable(z.string()),
});
export type Observation = z.infer<typeof Observation>;

/** What one address serves to whoever looked; either `served` or `problem` is null. `notAfter` is epoch seconds. */
const AddressSeen = z.strictObject({
  address: z.string(),
  problem: z.nullable(z.string()),
  served: z.nullable(
    z.strictObject({ fingerprint: Fingerprint, chain: z.array(Fingerprint), notAfter: z.int() }),
  ),
  /** The host has no route to the address's family, which says nothing about the endpoint. */
  noRoute: z.optional(z.literal(true)),
});

/** What a host sees of one target's endpoint. `seen` is null where it would not fit into the line. */
export const HostInspection = z.strictObject({
  targetId: z.string(),
  seen: z.nullable(z.array(AddressSeen)),
});
export type HostInspection = z.infer<typeof HostInspection>;

/**
 * The ONE line of JSON an agent prints, well under SSM's 24,000 characters of output. Every field is always there
 * (null when it says nothing), so no JSONPath of a state machine can fail to resolve.
 *
 * `version` is what is installed now, `previousVersion` what was before; `served` is whether the agent itself saw
 * the new leaf on the target's endpoint; `validatedIn` says where the daemon judged the bytes. `looks` alone is only there
 * when it was asked for: no state machine reads it.
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
});
export type AgentLine = z.infer<typeof AgentLine>;

/** A line with everything unsaid; what is known is spread over it. */
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

/** The last line of an agent's output that is an agent line; null when there is none (killed, or never started). */
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
