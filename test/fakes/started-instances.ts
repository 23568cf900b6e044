// Not simulated: states of instances, and other accounts. A host that is not listed is not running.
import type { StartedInstance } from '../../services/fleet/started-instances.ts';
import type { InstalledVersion } from '../../services/registry/installed-versions.ts';

const startedAt = Date.parse('2026-07-01T10:00:00Z');

/** Running instances by host with their tags, and the ids of targets with a deployment. */
export function fakeNewHosts(
  tags: Readonly<Record<string, StartedInstance['tags']>> = {},
  deployed: ReadonlySet<string> = new Set(),
) {
  return {
    instances: {
      async find(host: string): Promise<StartedInstance | null> {
        const its = tags[host];
        return its === undefined ? null : { tags: its, startedAt };
      },
    },
    installed: {
      async of(ids: readonly string[]): Promise<ReadonlyMap<string, InstalledVersion>> {
        const has = ids.filter((id) => deployed.has(id));
        return new Map(has.map((targetId) => [targetId, { targetId } as InstalledVersion]));
      },
    },
  };
}
