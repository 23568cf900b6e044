import { X509Certificate } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod/mini';
import { quoteArgv } from '../run-command.ts';
import type { Activated, Activator } from './activator.ts';

/**
 * Envoy has seen the files' move by itself; this waits until its admin interface (`/certs`) lists the leaf that is in
 * `certPath` now (https://www.envoyproxy.io/docs/envoy/latest/operations/admin#get--certs).
 */
export const EnvoySecretsActivation = z.strictObject({
  kind: z.literal('envoySecrets'),
  adminEndpoint: z.string(),
  certPath: z.string(),
});
export type EnvoySecretsActivation = z.infer<typeof EnvoySecretsActivation>;

const pollMilliseconds = 50;
/** One answer of the admin interface; a hung main thread must not use up the whole deadline unseen. */
const answerSeconds = 5;
/**
 * Where Envoy watches the folder of the files themselves it may have read the key between the two renames: that is one
 * refusal, and the second rename's event brings the pair in at once. A refusal that nothing follows for this long stays.
 */
const graceMilliseconds = 1_000;

/** The fields of `/certs` that tell one leaf from another; its `path` is `<inline>` for SDS. */
const Leaf = z.object({ serial_number: z.string(), valid_from: z.string(), expiration_time: z.string() });
const Certificates = z.object({ certificates: z.array(z.object({ cert_chain: z.array(Leaf) })) });
const Stats = z.object({ stats: z.array(z.object({ value: z.optional(z.unknown()) })) });

/** Waits for Envoy, and knows the counters by which it says that it refused. */
export const envoySecrets: Activator<EnvoySecretsActivation> = {
  async run({ adminEndpoint, certPath }, timeoutSeconds) {
    try {
      if (!existsSync(certPath)) return { ok: true, told: `${certPath} is gone; Envoy keeps what it has` };
      const wanted = leafOf(new X509Certificate(readFileSync(certPath)));
      return await waitFor(adminEndpoint, wanted, Date.now() + timeoutSeconds * 1_000);
    } catch (error) {
      return { ok: false, told: `${adminEndpoint} did not answer: ${reasonOf(error)}` };
    }
  },
  byHand: ({ adminEndpoint }) => quoteArgv(['curl', '-fsS', `${adminEndpoint}/certs`]),
};

async function waitFor(admin: string, wanted: string, giveUp: number): Promise<Activated> {
  const before = await refusals(admin);
  let refusedAt: number | null = null;
  let seen = before;
  do {
    if ((await leaves(admin)).includes(wanted)) return { ok: true, told: 'Envoy lists the leaf' };
    const now = await refusals(admin);
    if (now > seen) refusedAt = Date.now();
    seen = now;
    if (refusedAt !== null && Date.now() - refusedAt >= graceMilliseconds) {
      return { ok: false, told: refusal(admin, seen - before) };
    }
    await sleep(pollMilliseconds);
  } while (Date.now() < giveUp);
  return { ok: false, told: `Envoy at ${admin} did not list the leaf in time` };
}

function refusal(admin: string, count: number): string {
  return `Envoy at ${admin} refused the files (key_rotation_failed or update_rejected rose by ${count}); its log says why`;
}

async function leaves(admin: string): Promise<string[]> {
  const { certificates } = Certificates.parse(await ask(`${admin}/certs`));
  return certificates.flatMap(({ cert_chain: [leaf] }) => (leaf === undefined ? [] : [nameOf(leaf)]));
}

/** How often Envoy has refused a secret or its files since it started, all secrets together. */
async function refusals(admin: string): Promise<number> {
  const filter = encodeURIComponent('^sds\\..*(key_rotation_failed|update_rejected)$');
  const { stats } = Stats.parse(await ask(`${admin}/stats?format=json&filter=${filter}`));
  return stats.reduce((sum, { value }) => sum + (typeof value === 'number' ? value : 0), 0);
}

async function ask(url: string): Promise<unknown> {
  const answer = await fetch(url, { signal: AbortSignal.timeout(answerSeconds * 1_000), redirect: 'error' });
  if (!answer.ok) throw new Error(`${url} answered ${answer.status}`);
  return await answer.json();
}

function leafOf({ serialNumber, validFrom, validTo }: X509Certificate): string {
  return nameOf({ serial_number: serialNumber, valid_from: validFrom, expiration_time: validTo });
}

/** A leaf reissued under the same serial number is told by its dates. */
function nameOf(leaf: z.infer<typeof Leaf>): string {
  const serial = leaf.serial_number.toLowerCase().replace(/^0+/, '');
  return [serial, Date.parse(leaf.valid_from), Date.parse(leaf.expiration_time)].join(' ');
}

/** fetch says only "fetch failed"; what failed is its cause. */
function reasonOf(error: unknown): string {
  const { message, cause } = error as Error;
  return cause instanceof Error ? cause.message : message;
}
