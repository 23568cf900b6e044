import type { LambdaClient } from '@aws-sdk/client-lambda';
import * as z from 'zod/mini';
import { placeOf } from '../core/targets/host-location.ts';
import type { RegisteredTarget } from '../core/targets/registered.ts';
import { createFleet, type Fleet, type FoundHost, type HostClients } from '../services/fleet/find-hosts.ts';
import { invoke } from './stack/invoke.ts';

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

/** The name that the stack gives its function. */
const findHosts = 'certferry-find-hosts';

/** What is needed of its answer; the rest stays as it comes, so that a stack of another version can be asked too. */
const Found = z.object({
  hosts: z.array(z.object({ host: z.string(), address: z.nullable(z.string()), online: z.boolean() })),
});

/** The hosts of a registered target, wherever they are: those elsewhere that have to be asked about are asked by the stack. */
export type HostsOf = (target: RegisteredTarget) => Promise<FoundHost[]>;

/** By a person's own credentials, and where these do not reach, through the stack's function. Throws what that throws. */
export function createHostsOf(clients: HostClients & { readonly lambda: LambdaClient }): HostsOf {
  const fleet = createAccountFleet(clients);
  return async (target) => {
    if (!hasToBeAsked(target)) return fleet.resolve(target.host);
    return Found.parse(await invoke(clients.lambda, findHosts, { targetId: target.id })).hosts;
  };
}

/** Elsewhere, and either not known by its id, or of an address that the endpoint asks for. */
function hasToBeAsked({ host, verify }: RegisteredTarget): boolean {
  if (typeof host !== 'string') return host.account !== undefined;
  return placeOf(host).account !== null && verify !== 'none' && verify.endpoint.startsWith('{host}:');
}
