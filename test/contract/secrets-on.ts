import { describe } from 'vitest';
import type { Cluster } from '../rigs/kubernetes.ts';
import { secretChanges } from './secret-changes.ts';
import { secretFailures } from './secret-failures.ts';
import { secretRefusals } from './secret-refusals.ts';
import { secretSite } from './secret-site.ts';

/** The behaviour of the kind `k8ssecret` beside the contract suite of stores, on the strict or the real server. */
export function secretsOn(what: string, start: () => Promise<Cluster>): void {
  describe(`Secrets on ${what}`, () => {
    const site = secretSite(start);
    secretChanges(site);
    secretRefusals(site);
    secretFailures(site);
  });
}
