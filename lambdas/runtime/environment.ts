import * as z from 'zod/mini';
import { tables } from '../../core/deployment/tables.ts';
import { limits } from '../../core/limits.ts';
import { StrategyOverrides } from '../../core/registry/strategy.ts';

const name = z.string().check(z.minLength(1));

/** What the stack (or local mode) tells every Lambda. Each Lambda is given, and reads, only what it needs. */
const settings = {
  [tables.locks.variable]: name,
  [tables.registry.variable]: name,
  [tables.deployments.variable]: name,
  DOCUMENT_NAME: name,
  DOCUMENT_VERSION: z.string().check(z.regex(/^(\d+|\$DEFAULT|\$LATEST)$/)),
  SEND_RATE: z._default(
    z.coerce.number().check(z.gte(limits.sendRate.least), z.lte(limits.sendRate.most)),
    10,
  ),
  SEND_BURST: z._default(
    z.coerce.number().check(z.int(), z.gte(limits.sendBurst.least), z.lte(limits.sendBurst.most)),
    20,
  ),
  /** The bucket with the rollouts' files. */
  WORK_BUCKET: name,
  /** The topic for messages to people; without one they are only logged. */
  NOTIFICATIONS_TOPIC: z.optional(name),
  /** What people type for commands to work here, and what such commands have to bring: `lambdas/services/command-lines.ts`. */
  COMMAND_OPTIONS: z._default(name, '--stack NAME'),
  COMMAND_TARGET_OPTIONS: z._default(z.string(), ''),
  COMMAND_VERSION_OPTIONS: z._default(z.string(), ''),
  /** Where a person answers by a link; without it by the command line only. */
  APPROVAL_URL: z.optional(z.url({ protocol: /^https?$/ })),
  /** What a certificate's strategy does not say, as JSON. */
  DEFAULT_STRATEGY: z._default(z.pipe(z.pipe(z.string(), z.transform(parsed)), StrategyOverrides), {}),
  /** How long deployments are remembered, where somebody has said it. */
  HISTORY_DAYS: z.optional(
    z.coerce.number().check(z.int(), z.gte(limits.historyDays.least), z.lte(limits.historyDays.most)),
  ),
  /** The state machines. */
  ROLLOUT_ARN: name,
  DEPLOY_TARGET_ARN: name,
  /** Where the functions are: `host` says that they reach all that a host reaches, so that no host has to be asked to look. */
  PROBE_FROM: z._default(z.enum(['lambda', 'host']), 'lambda'),
  DOCUMENT_HASH: z.optional(z.string().check(z.regex(/^[0-9a-f]{64}$/))),
} as const;
type Settings = typeof settings;

/** What is no JSON stays a text, which the next schema refuses. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** One parsed setting. Throws a plain Error, naming the variable, when the stack did not set it properly. */
export function setting<Name extends keyof Settings>(
  variable: Name,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): z.infer<Settings[Name]> {
  const parsed = z.safeParse(settings[variable], environment[variable] || undefined);
  if (parsed.success) return parsed.data as z.infer<Settings[Name]>;
  const found = environment[variable];
  throw new Error(
    `environment variable ${variable} is ${found ? `"${found}"` : 'not set'}: the stack gives it to each Lambda that needs it`,
  );
}
