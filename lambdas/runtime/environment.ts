import * as z from 'zod/mini';
import { tables } from '../../core/deployment/tables.ts';
import { limits } from '../../core/limits.ts';
import { StrategyOverrides } from '../../core/registry/strategy.ts';

const name = z.string().check(z.minLength(1));

/** The environment of the functions, set by the stack or by local mode. Each function gets only the variables that it needs. */
const settings = {
  [tables.locks.variable]: name,
  [tables.registry.variable]: name,
  [tables.deployments.variable]: name,
  DOCUMENT_NAME: name,
  /** Changes with the agent and with its runtime. Not in local mode, where hosts fetch nothing. */
  AGENT_VERSION: z.optional(name),
  /** The document of functions that only probe. */
  PROBE_DOCUMENT_NAME: name,
  /** The document of the agent for targets in a store; functions that send no jobs need none. */
  STORE_DOCUMENT_NAME: z.optional(name),
  /** The function that runs the agent for targets with `host: lambda`. */
  RUN_AGENT_FUNCTION: name,
  /** Whether a credential may be a file: only where the functions run on the machine of the operator. */
  CREDENTIAL_FILES: z._default(z.enum(['read', 'refuse']), 'refuse'),
  /** The agent refuses a job whose fence exceeds the last one by more than this number. */
  MAXIMUM_FENCE_STEP: z._default(
    z.coerce.number().check(z.int(), z.gte(limits.fenceStep.minimum), z.lte(limits.fenceStep.maximum)),
    limits.fenceStep.default,
  ),
  /** The key that signs jobs: the ARN of a KMS key or, in local mode, the absolute path of a file. */
  JOB_SIGNING_KEY: name,
  /** The key of kept copies: the ARN of a KMS key or, in local mode, the absolute path of a file. Without one, none are kept. */
  DATA_KEY: z.optional(name),
  /** `all`: no source keeps an earlier version, as in local mode. `needed`: only sources of kind acm keep none. */
  KEPT_COPIES: z._default(z.enum(['needed', 'all']), 'needed'),
  /** Whether a host key that replaces the registered one is used after a warning, or refused. */
  ON_HOST_KEY_CHANGE: z._default(z.enum(['notify', 'refuse']), 'notify'),
  DOCUMENT_VERSION: z.string().check(z.regex(/^(\d+|\$DEFAULT|\$LATEST)$/)),
  SEND_RATE: z._default(
    z.coerce.number().check(z.gte(limits.sendRate.minimum), z.lte(limits.sendRate.maximum)),
    10,
  ),
  SEND_BURST: z._default(
    z.coerce.number().check(z.int(), z.gte(limits.sendBurst.minimum), z.lte(limits.sendBurst.maximum)),
    20,
  ),
  /** The bucket for the files of rollouts. */
  WORK_BUCKET: name,
  /** The topic for messages to operators; without one, messages are only logged. */
  NOTIFICATIONS_TOPIC: z.optional(name),
  /** Options of the commands that messages suggest: `services/notify/command-lines.ts`. */
  COMMAND_OPTIONS: z._default(name, '--stack NAME'),
  COMMAND_TARGET_OPTIONS: z._default(z.string(), ''),
  COMMAND_VERSION_OPTIONS: z._default(z.string(), ''),
  /** The URL of approval links; without one, operators decide with the command line. */
  APPROVAL_URL: z.optional(z.url({ protocol: /^https?$/ })),
  /** Defaults for fields that a certificate's strategy omits, as JSON. */
  DEFAULT_STRATEGY: z._default(z.pipe(z.pipe(z.string(), z.transform(parsed)), StrategyOverrides), {}),
  /** Retention of deployments in days, if configured. */
  HISTORY_DAYS: z.optional(
    z.coerce.number().check(z.int(), z.gte(limits.historyDays.minimum), z.lte(limits.historyDays.maximum)),
  ),
  /** The state machines. */
  ROLLOUT_ARN: name,
  DEPLOY_TARGET_ARN: name,
  /** `host`: the functions run on the host (local mode), so they probe every endpoint themselves. */
  PROBE_FROM: z._default(z.enum(['lambda', 'host']), 'lambda'),
  /** `host`: only the host probes an endpoint before a deployment, because PushBundle is not in the VPC of the probes. */
  BASELINE_FROM: z._default(z.enum(['lambda', 'host']), 'lambda'),
  DOCUMENT_HASH: z.optional(z.string().check(z.regex(/^[0-9a-f]{64}$/))),
} as const;
type Settings = typeof settings;

/** Invalid JSON stays text, which the next schema refuses. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** One parsed variable. Throws a plain Error with its name if the stack did not set it correctly. */
export function setting<Name extends keyof Settings>(
  variable: Name,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): z.infer<Settings[Name]> {
  const parsed = z.safeParse(settings[variable], environment[variable] || undefined);
  if (parsed.success) return parsed.data as z.infer<Settings[Name]>;
  const found = environment[variable];
  throw new Error(
    `environment variable ${variable} is ${found ? `invalid: "${found}"` : 'not set'}. The stack sets it for each function that needs it.`,
  );
}
