import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { probeError, toProbeError, unavailableError } from '../probe-failure.ts';

/** One address of an endpoint. */
export interface Address {
  readonly address: string;
  readonly family: 4 | 6;
}

/** All addresses are probed at the same time. Load balancers return at most 8. */
const maximumAddresses = 32;

/**
 * All addresses of a host name on this machine, or the IP literal itself.
 * @throws CertferryError ProbeFailed, ProbeUnavailable
 */
export async function addressesOf(host: string, timeoutSeconds: number): Promise<Address[]> {
  if (isIP(host) !== 0) return [{ address: host, family: familyOf(host) }];
  const found = await withDeadline(lookup(host, { all: true, order: 'verbatim' }), host, timeoutSeconds);
  const addresses = [...new Set(found.map(({ address }) => address))];
  if (addresses.length > maximumAddresses) {
    throw probeError(
      `${host} has ${addresses.length} addresses; at most ${maximumAddresses} are probed. Use a name with fewer addresses.`,
    );
  }
  return addresses.map((address) => ({ address, family: familyOf(address) }));
}

/** `address:port`, with brackets around an IPv6 address. */
export function addressText({ address, family }: Address, port: number): string {
  return family === 6 ? `[${address}]:${port}` : `${address}:${port}`;
}

function familyOf(address: string): 4 | 6 {
  return isIP(address) === 6 ? 6 : 4;
}

/** The resolver cannot be aborted, so a late answer is ignored. */
async function withDeadline<T>(work: Promise<T>, host: string, seconds: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(unavailableError(`the name server does not answer for ${host} within ${seconds} s`));
    }, seconds * 1000);
  });
  try {
    return await Promise.race([work, late]);
  } catch (cause) {
    throw toProbeError(cause);
  } finally {
    clearTimeout(timer);
  }
}
