import { setTimeout } from 'node:timers/promises';
import { systemClock } from '../../core/clock.ts';
import { createReachableHosts } from '../../services/fleet/reachable-hosts.ts';
import { createHostVersions } from '../../services/registry/host-versions.ts';
import type { WarmServices } from '../delivery/warm-hosts.ts';
import { ssmAt } from './clients.ts';
import { setting } from './environment.ts';
import { documents, hostProbes, sendRate } from './wiring.ts';

/** What warm commands need. They use the document that can only probe, which pins the same agent and runtime. */
export const warming = (): WarmServices & {
  readonly hostVersions: ReturnType<typeof createHostVersions>;
} => ({
  commands: hostProbes(),
  sendRate: sendRate(),
  reachable: createReachableHosts(ssmAt),
  hostVersions: createHostVersions(documents(), setting('REGISTRY_TABLE')),
  agentVersion: setting('AGENT_VERSION'),
  clock: systemClock,
  sleep: setTimeout,
});
