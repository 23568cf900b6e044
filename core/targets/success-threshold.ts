import type { ProbeProtocol } from './kinds/probe-protocol.ts';

/**
 * The number of handshakes that find a listener with the `share` of connections with at least the probability `certainty`.
 * Each handshake is a new connection, and the kernel chooses its listener independently by a hash of addresses and ports
 * (socket(7), SO_REUSEPORT). So n handshakes miss the listener with the probability (1 − share)^n, and n is the smallest
 * number with (1 − share)^n ≤ 1 − certainty. One third and 99 %: n ≥ ln 0.01 / ln (2/3) = 11.4, so 12.
 */
export function handshakesToFind(share: number, certainty: number): number {
  return Math.ceil(Math.log(1 - certainty) / Math.log(1 - share));
}

/** Finds a listener that accepts one third of the connections with a probability of 99 %. */
export const usualSuccessThreshold = handshakesToFind(1 / 3, 0.99);

/**
 * The default of `successThreshold`. It is 1 for MySQL and MariaDB: every handshake without a login counts towards
 * `max_connect_errors` (default 100), after which the server refuses the client
 * (dev.mysql.com/doc/refman/8.4/en/host-cache.html).
 */
export function defaultSuccessThreshold(protocol: ProbeProtocol | undefined): number {
  return protocol === 'mysql' ? 1 : usualSuccessThreshold;
}
