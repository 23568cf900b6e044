import * as z from 'zod/mini';

/** Deadline of one request, so that a blocked main thread is detected before the deadline of the activation. */
const requestSeconds = 5;

/** The fields of `/certs` that identify a leaf. (`path` does not: it is `<inline>` for SDS.) */
const Leaf = z.object({ serial_number: z.string(), valid_from: z.string(), expiration_time: z.string() });
const Certificates = z.object({ certificates: z.array(z.object({ cert_chain: z.array(Leaf) })) });
const Stats = z.object({ stats: z.array(z.object({ value: z.optional(z.unknown()) })) });

/**
 * What Envoy's admin interface reports about certificates (https://www.envoyproxy.io/docs/envoy/latest/operations/admin).
 * All members throw if there is no valid response.
 */
export interface EnvoyAdmin {
  /** Every leaf in use, as {@link leafName} identifies it. */
  leaves(): Promise<string[]>;
  /** How often Envoy has refused a secret or its files since it started, for all secrets together. */
  refusals(): Promise<number>;
}

/** The admin interface at `http://host:port`. Requests fail once `deadline` has aborted. */
export function envoyAdmin(endpoint: string, deadline: AbortSignal): EnvoyAdmin {
  const request = async (path: string): Promise<unknown> => {
    const signal = AbortSignal.any([deadline, AbortSignal.timeout(requestSeconds * 1_000)]);
    const response = await fetch(endpoint + path, { signal, redirect: 'error' });
    if (!response.ok) throw new Error(`${path} returned HTTP ${response.status}`);
    // without the cause: the message of JSON.parse quotes its input
    return await response.json().catch(() => Promise.reject(new Error(`${path} returned no JSON`)));
  };
  return {
    async leaves() {
      const { certificates } = Certificates.parse(await request('/certs'));
      return certificates.flatMap(({ cert_chain: [leaf] }) => (leaf === undefined ? [] : [leafName(leaf)]));
    },
    async refusals() {
      const filter = encodeURIComponent('^sds\\..*(key_rotation_failed|update_rejected)$');
      const { stats } = Stats.parse(await request(`/stats?format=json&filter=${filter}`));
      return stats.reduce((sum, { value }) => sum + (typeof value === 'number' ? value : 0), 0);
    },
  };
}

/** Serial number and dates: a reissued leaf may have the same serial number. */
export function leafName(leaf: z.infer<typeof Leaf>): string {
  const serial = leaf.serial_number.toLowerCase().replace(/^0+/, '');
  return [serial, Date.parse(leaf.valid_from), Date.parse(leaf.expiration_time)].join(' ');
}
