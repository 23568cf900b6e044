import { X509Certificate } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod/mini';
import { quoteArgv } from '../host/run-command.ts';
import type { ActivationResult, Activator, MemoryReading } from './activator.ts';
import { type EnvoyAdmin, envoyAdmin, leafName } from './envoy-admin.ts';

/**
 * Envoy detects new files itself. This activation waits until the admin interface lists the leaf in `certPath`.
 * `baseline` is the state before the files were replaced: the installed leaf and the number of refusals. Envoy may refuse
 * within microseconds after the move, so counting from then on would miss it.
 */
export const EnvoySecretsActivation = z.strictObject({
  kind: z.literal('envoySecrets'),
  adminEndpoint: z.string(),
  certPath: z.string(),
  baseline: z.optional(z.strictObject({ leaf: z.nullable(z.string()), refusals: z.int() })),
});
export type EnvoySecretsActivation = z.infer<typeof EnvoySecretsActivation>;

const deadlinePassed = 'Envoy did not list the leaf before the deadline';

const pollMilliseconds = 50;
/**
 * If Envoy watches the folder of the files themselves, it may read the new key with the previous certificate between the
 * two renames, and refuses. The second rename triggers another read immediately. A refusal is final after this time.
 */
const graceMilliseconds = 1_000;

/** Waits until Envoy lists the leaf or counts a refusal. */
export const envoySecrets: Activator<EnvoySecretsActivation> = {
  keepsProcesses: true,
  async run(activation, { timeoutSeconds, readFile }) {
    const { adminEndpoint, certPath } = activation;
    const deadline = AbortSignal.timeout(timeoutSeconds * 1_000);
    const admin = envoyAdmin(adminEndpoint, deadline);
    try {
      const expected = leafIn(readFile(certPath));
      if (expected === null)
        return { ok: true, detail: `${certPath} does not exist; Envoy keeps its certificate` };
      return await waitForLeaf(admin, expected, activation.baseline, Date.now() + timeoutSeconds * 1_000);
    } catch (error) {
      // the deadline may pass during a request or between two requests
      if (deadline.aborted) return { ok: false, detail: deadlinePassed };
      return { ok: false, detail: `no response from ${adminEndpoint}: ${reasonOf(error)}` };
    }
  },
  manualCommand: ({ adminEndpoint }) => quoteArgv(['curl', '-fsS', `${adminEndpoint}/certs`]),
  /** Envoy keeps nothing in memory only. The request detects a wrong address before any file changes. */
  async readMemory({ adminEndpoint }, { timeoutSeconds }): Promise<MemoryReading> {
    try {
      await envoyAdmin(adminEndpoint, AbortSignal.timeout(timeoutSeconds * 1_000)).leaves();
      return { ok: true, texts: new Map() };
    } catch (error) {
      const why = `Envoy's admin interface at ${adminEndpoint} does not respond: ${reasonOf(error)}`;
      return { ok: false, why, retry: 'later' };
    }
  },
  async recordBaseline(activation, { timeoutSeconds, readFile }) {
    const admin = envoyAdmin(activation.adminEndpoint, AbortSignal.timeout(timeoutSeconds * 1_000));
    try {
      const baseline = { leaf: leafIn(readFile(activation.certPath)), refusals: await admin.refusals() };
      return { ...activation, baseline };
    } catch {
      return activation;
    }
  },
};

async function waitForLeaf(
  admin: EnvoyAdmin,
  expected: string,
  baseline: EnvoySecretsActivation['baseline'],
  deadline: number,
): Promise<ActivationResult> {
  // after a restore the previous leaf is expected, and refusals of the new one do not count
  const isRestore = baseline === undefined || baseline.leaf === expected;
  const initial = isRestore ? await admin.refusals() : baseline.refusals;
  let latest = initial;
  let refusedAt: number | null = null;
  do {
    if ((await admin.leaves()).includes(expected)) return { ok: true, detail: 'Envoy lists the leaf' };
    const count = await admin.refusals();
    if (count > latest) refusedAt = Date.now();
    latest = count;
    if (refusedAt !== null && Date.now() - refusedAt >= graceMilliseconds) return refused(latest - initial);
    await sleep(pollMilliseconds);
  } while (Date.now() < deadline);
  return { ok: false, detail: deadlinePassed };
}

function refused(count: number): ActivationResult {
  const detail = `Envoy refused the files (key_rotation_failed or update_rejected increased by ${count}); see its log`;
  return { ok: false, detail, keptPrevious: true };
}

/** The leaf in a PEM text, as {@link leafName} identifies it. Null without a text. */
function leafIn(pem: string | null): string | null {
  if (pem === null) return null;
  const { serialNumber, validFrom, validTo } = new X509Certificate(pem);
  return leafName({ serial_number: serialNumber, valid_from: validFrom, expiration_time: validTo });
}

/** The message of fetch is only "fetch failed"; its cause has the reason. */
function reasonOf(error: unknown): string {
  const { message, cause } = error as Error;
  return cause instanceof Error ? cause.message : message;
}
