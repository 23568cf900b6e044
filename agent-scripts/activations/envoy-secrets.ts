import { X509Certificate } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod/mini';
import { quoteArgv } from '../host/run-command.ts';
import type { ActivationResult, Activator, MemoryReading } from './activator.ts';
import { type EnvoyAdmin, envoyAdmin, leafName } from './envoy-admin.ts';

/**
 * Envoy has seen the files' move by itself; this waits until its admin interface lists the leaf that is in `certPath`
 * now. `before` is what was withBaseline before the files were replaced: the leaf that was there, and how often Envoy had refused
 * anything. Envoy may refuse within microseconds of the move, so that afterwards is too late to begin counting.
 */
export const EnvoySecretsActivation = z.strictObject({
  kind: z.literal('envoySecrets'),
  adminEndpoint: z.string(),
  certPath: z.string(),
  before: z.optional(z.strictObject({ leaf: z.nullable(z.string()), refusals: z.int() })),
});
export type EnvoySecretsActivation = z.infer<typeof EnvoySecretsActivation>;

const notInTime = 'Envoy did not list the leaf in time';

const pollMilliseconds = 50;
/**
 * Where Envoy watches the folder of the files themselves it may have read the key between the two renames: that is one
 * refusal, and the second rename's event brings the pair in at once. A refusal that nothing follows for this long stays.
 */
const graceMilliseconds = 1_000;

/** Waits for Envoy, and knows the counters by which it says that it refused. */
export const envoySecrets: Activator<EnvoySecretsActivation> = {
  keepsProcesses: true,
  async run(activation, timeoutSeconds) {
    const { adminEndpoint, certPath } = activation;
    const deadline = AbortSignal.timeout(timeoutSeconds * 1_000);
    const admin = envoyAdmin(adminEndpoint, deadline);
    try {
      const wanted = leafIn(certPath);
      if (wanted === null) return { ok: true, told: `${certPath} is gone; Envoy keeps what it has` };
      return await waitFor(admin, wanted, activation.before, Date.now() + timeoutSeconds * 1_000);
    } catch (error) {
      // time may run out in the middle of a question as well as between two
      if (deadline.aborted) return { ok: false, told: notInTime };
      return { ok: false, told: `${adminEndpoint} did not answer: ${reasonOf(error)}` };
    }
  },
  byHand: ({ adminEndpoint }) => quoteArgv(['curl', '-fsS', `${adminEndpoint}/certs`]),
  /** Files are all there is, but a wrong address is found before they are touched. */
  async holds({ adminEndpoint }, timeoutSeconds): Promise<MemoryReading> {
    try {
      await envoyAdmin(adminEndpoint, AbortSignal.timeout(timeoutSeconds * 1_000)).leaves();
      return { ok: true, texts: new Map() };
    } catch (error) {
      const why = `Envoy cannot be asked at ${adminEndpoint}: ${reasonOf(error)}`;
      return { ok: false, why, retry: 'later' };
    }
  },
  async note(activation, timeoutSeconds) {
    const admin = envoyAdmin(activation.adminEndpoint, AbortSignal.timeout(timeoutSeconds * 1_000));
    try {
      const before = { leaf: leafIn(activation.certPath), refusals: await admin.refusals() };
      return { ...activation, before };
    } catch {
      return activation;
    }
  },
};

async function waitFor(
  admin: EnvoyAdmin,
  wanted: string,
  before: EnvoySecretsActivation['before'],
  giveUp: number,
): Promise<ActivationResult> {
  // on the way back the old leaf is wanted again, and what was refused on the way there counts no more
  const known = before === undefined || before.leaf === wanted ? await admin.refusals() : before.refusals;
  let seen = known;
  let refusedAt: number | null = null;
  do {
    if ((await admin.leaves()).includes(wanted)) return { ok: true, told: 'Envoy lists the leaf' };
    const now = await admin.refusals();
    if (now > seen) refusedAt = Date.now();
    seen = now;
    if (refusedAt !== null && Date.now() - refusedAt >= graceMilliseconds) return refused(seen - known);
    await sleep(pollMilliseconds);
  } while (Date.now() < giveUp);
  return { ok: false, told: notInTime };
}

function refused(count: number): ActivationResult {
  const told = `Envoy refused the files (key_rotation_failed or update_rejected rose by ${count}); its log says why`;
  return { ok: false, told, kept: true };
}

/** The leaf in a file, as Envoy names it; null where there is no such file. */
function leafIn(path: string): string | null {
  if (!existsSync(path)) return null;
  const { serialNumber, validFrom, validTo } = new X509Certificate(readFileSync(path));
  return leafName({ serial_number: serialNumber, valid_from: validFrom, expiration_time: validTo });
}

/** fetch says only "fetch failed"; what failed is its cause. */
function reasonOf(error: unknown): string {
  const { message, cause } = error as Error;
  return cause instanceof Error ? cause.message : message;
}
