// Not simulated: SSM itself and its rate. Hosts are warm unless a test says otherwise, and answer at once.
import type { Clock } from '../../core/clock.ts';
import type { WaveWarming } from '../../lambdas/rollout/warm-wave.ts';
import type { Invocation } from '../../services/ssm/commands.ts';

/** What a warm host prints. */
export const warmInvocation = (fetched = 'agent runtime', seconds = 12): Invocation => ({
  status: 'Success',
  exitCode: 0,
  output: `${JSON.stringify({ warm: true, fetched, seconds })}\n`,
  errors: '',
});

/** `cold`: the hosts without the current version, each with the end of its warm command; null: it does not end. */
export function fakeWarming({
  clock,
  messages,
}: { readonly clock: Clock & { forward?: (milliseconds: number) => void } } & Pick<WaveWarming, 'messages'>) {
  const cold = new Map<string, Invocation | null>();
  const offline = new Map<string, string>();
  const sent: { readonly host: string; readonly job: string }[] = [];
  const saved: string[] = [];
  const warming: WaveWarming = {
    agentVersion: 'current',
    clock,
    messages,
    sleep: async (milliseconds) => clock.forward?.(milliseconds),
    sendRate: { waitForSlot: async () => {} },
    reachable: { unreachableReason: async (host) => offline.get(host) ?? null },
    hostVersions: {
      without: async (_, hosts) => hosts.filter((host) => cold.has(host) && !saved.includes(host)),
      save: async (host) => void saved.push(host),
    },
    commands: {
      send: async ({ host, job }) => {
        sent.push({ host, job });
        return `command-${host}`;
      },
      readInvocation: async (_, host) =>
        cold.get(host) ?? { status: 'InProgress', exitCode: null, output: '', errors: '' },
    },
  };
  return { ...warming, cold, offline, sent, saved };
}
