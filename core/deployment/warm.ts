import * as z from 'zod/mini';
import { Host } from '../targets/target.ts';

/**
 * The job of a warm command. It is no job for the agent: `bootstrap.sh` fetches and checks the agent and its runtime, and starts
 * nothing. So it needs no signature.
 */
export const warmJob = 'warm';

/** The line that `bootstrap.sh` prints after a warm command. */
const WarmLine = z.object({ warm: z.literal(true), fetched: z.string(), seconds: z.int() });

/** What a warm command fetched, in which time. Null if the host printed another line. */
export function readWarmLine(output: string): Pick<WarmedHost, 'fetched' | 'seconds'> | null {
  try {
    const { fetched, seconds } = WarmLine.parse(JSON.parse(output));
    return { fetched: fetched.split(' ').filter((name) => name !== ''), seconds };
  } catch {
    return null;
  }
}

/**
 * The result of a warm command. `outcome`:
 * - `warm`: the host has the agent and its runtime.
 * - `offline`: SSM cannot reach the host; nothing was sent.
 * - `failed`: the host cannot get them, or cannot run them.
 * - `pending`: there was no result in time; the host may still be fetching.
 */
export const WarmedHost = z.object({
  host: Host,
  outcome: z.enum(['warm', 'offline', 'failed', 'pending']),
  /** `agent`, `runtime`; empty if the host had both. */
  fetched: z.array(z.string()),
  /** The time that the host took to fetch. */
  seconds: z.int(),
  /** Why the host is not warm; empty if it is. */
  summary: z.string(),
});
export type WarmedHost = z.infer<typeof WarmedHost>;

/** Hosts in one request to the function that warms them. */
export const maximumWarmHosts = 50;
