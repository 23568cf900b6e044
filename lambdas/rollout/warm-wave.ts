import { listNames } from '../../core/bounds/list-names.ts';
import { counted } from '../../core/counted.ts';
import type { DeploymentRequest } from '../../core/deployment/deployment.ts';
import type { WarmedHost } from '../../core/deployment/warm.ts';
import type { Rollout } from '../../core/rollout/rollout.ts';
import { isFunctionHost } from '../../core/targets/host-location.ts';
import type { Messages } from '../../services/notify/sns-messages.ts';
import type { HostVersions } from '../../services/registry/host-versions.ts';
import { type WarmServices, warmHosts } from '../delivery/warm-hosts.ts';
import { coldHostsMessage } from './rollout-messages.ts';

/** The services that warming the hosts of a wave requires. */
export interface WaveWarming extends WarmServices {
  readonly hostVersions: HostVersions;
  /** Of the agent and its runtime. Undefined in local mode, where hosts fetch nothing: no host is warmed then. */
  readonly agentVersion: string | undefined;
  readonly messages: Messages;
}

/** Names of hosts in a summary. */
const shownHosts = { names: 5, bytes: 400 };

/**
 * Warms the hosts of a wave that are not known to have the current agent and runtime, before the first deployment of the wave
 * starts. Operators get a message about hosts that are not warm then: their deployments try it once more, and report the
 * reason if they fail. Returns an addition to the summary of the wave; empty if all hosts were warm.
 */
export async function warmWave(
  by: WaveWarming,
  {
    rollout,
    requests,
    until,
  }: { readonly rollout: Rollout; readonly requests: readonly DeploymentRequest[]; readonly until: Date },
): Promise<string> {
  if (by.agentVersion === undefined) return '';
  const hosts = requests.map(({ target }) => target.host).filter((host) => !isFunctionHost(host));
  const cold = await by.hostVersions.without(by.agentVersion, hosts);
  if (cold.length === 0) return '';
  const results = await warmHosts(by, cold, until);
  const failed = results.filter(({ outcome }) => outcome !== 'warm');
  if (failed.length === 0) return `; ${counted(cold.length, 'host')} warmed`;
  await by.messages.send(coldHostsMessage(rollout, failed, by.messages.commandLine));
  return `; ${failed.length} of ${counted(cold.length, 'host')} not warm: ${listNames(failed.map(nameOf), shownHosts)}`;
}

const nameOf = ({ host, outcome }: WarmedHost) => `${host} (${outcome})`;
