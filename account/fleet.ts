import { createFleet, type Fleet, type HostClients } from '../lambdas/services/fleet.ts';
import { placeOf } from '../lambdas/services/host-place.ts';

/**
 * Hosts as a person's own credentials can see them. The role in another account or region trusts the stack's functions
 * alone: a host there is known by its id, and not asked about. Tags and groups there throw InvalidTarget.
 */
export function createAccountFleet(clients: HostClients): Fleet {
  const own = createFleet(clients);
  return {
    async resolve(selector) {
      const isThere = typeof selector === 'string' && placeOf(selector).account !== null;
      return isThere ? [{ host: selector, address: null, online: false }] : own.resolve(selector);
    },
  };
}
