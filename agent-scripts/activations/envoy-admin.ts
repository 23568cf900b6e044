import * as z from 'zod/mini';

/** One answer of the admin interface may take this long, so that a hung main thread is seen before the deadline. */
const answerSeconds = 5;

/** The fields of `/certs` that tell one leaf from another; its `path` is `<inline>` for SDS. */
const Leaf = z.object({ serial_number: z.string(), valid_from: z.string(), expiration_time: z.string() });
const Certificates = z.object({ certificates: z.array(z.object({ cert_chain: z.array(Leaf) })) });
const Stats = z.object({ stats: z.array(z.object({ value: z.optional(z.unknown()) })) });

/**
 * What Envoy's admin interface tells of certificates (https://www.envoyproxy.io/docs/envoy/latest/operations/admin). All
 * members throw where nobody answers, or not as Envoy does.
 */
export interface EnvoyAdmin {
  /** Every leaf in use, by {@link leafName}. */
  leaves(): Promise<string[]>;
  /** How often Envoy has refused a secret or its files since it started, all secrets together. */
  refusals(): Promise<number>;
}

/** Asks at `http://host:port`, until the signal says that it has taken too long. */
export function envoyAdmin(endpoint: string, deadline: AbortSignal): EnvoyAdmin {
  const ask = async (path: string): Promise<unknown> => {
    const signal = AbortSignal.any([deadline, AbortSignal.timeout(answerSeconds * 1_000)]);
    const answer = await fetch(endpoint + path, { signal, redirect: 'error' });
    if (!answer.ok) throw new Error(`${path} was answered with status ${answer.status}`);
    return await answer.json();
  };
  return {
    async leaves() {
      const { certificates } = Certificates.parse(await ask('/certs'));
      return certificates.flatMap(({ cert_chain: [leaf] }) => (leaf === undefined ? [] : [leafName(leaf)]));
    },
    async refusals() {
      const filter = encodeURIComponent('^sds\\..*(key_rotation_failed|update_rejected)$');
      const { stats } = Stats.parse(await ask(`/stats?format=json&filter=${filter}`));
      return stats.reduce((sum, { value }) => sum + (typeof value === 'number' ? value : 0), 0);
    },
  };
}

/** A leaf reissued under the same serial number is told by its dates. */
export function leafName(leaf: z.infer<typeof Leaf>): string {
  const serial = leaf.serial_number.toLowerCase().replace(/^0+/, '');
  return [serial, Date.parse(leaf.valid_from), Date.parse(leaf.expiration_time)].join(' ');
}
