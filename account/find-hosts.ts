import type { LambdaClient } from '@aws-sdk/client-lambda';
import * as z from 'zod/mini';
import { hostLocationOf } from '../core/targets/host-location.ts';
import type { RegisteredTarget } from '../core/targets/registered.ts';
import { createFleet, type Fleet, type FoundHost, type HostClients } from '../services/fleet/find-hosts.ts';
import { invoke } from './stack/invoke.ts';

/**
 * Finds hosts with the operator's credentials. Roles in other accounts and regions trust only the functions of the stack: a
 * host there is returned by its id, without address and state. Tags and groups there throw InvalidTarget.
 */
export function createAccountFleet(clients: HostClients): Fleet {
  const own = createFleet(clients);
  return {
    async resolve(selector) {
      const isElsewhere = typeof selector === 'string' && hostLocationOf(selector).account !== null;
      return isElsewhere ? [{ host: selector, address: null, online: false }] : own.resolve(selector);
    },
  };
}

/** The name that the stack gives its function. */
const findHosts = 'certferry-find-hosts';

/** The fields of the result that are needed. The schema ignores others, so that stacks of other versions work. */
const FoundHosts = z.object({
  hosts: z.array(z.object({ host: z.string(), address: z.nullable(z.string()), online: z.boolean() })),
});

/** Finds the hosts of a registered target, also in other accounts and regions. */
export type FindHosts = (target: RegisteredTarget) => Promise<FoundHost[]>;

/** Uses the operator's credentials, and the stack's function for other accounts and regions. Throws what that throws. */
export function createFindHosts(clients: HostClients & { readonly lambda: LambdaClient }): FindHosts {
  const fleet = createAccountFleet(clients);
  return async (target) => {
    if (!needsStack(target)) return fleet.resolve(target.host);
    return FoundHosts.parse(await invoke(clients.lambda, findHosts, { targetId: target.id })).hosts;
  };
}

/** Only the stack can find tags and groups in another account or region, and the address of a host there. */
function needsStack({ host, verify }: RegisteredTarget): boolean {
  if (typeof host !== 'string') return host.account !== undefined;
  return hostLocationOf(host).account !== null && verify !== 'none' && verify.endpoint.startsWith('{host}:');
}
