import { ACMClient } from '@aws-sdk/client-acm';
import { createAcmConnector } from '../../../agent-scripts/stores/acm/connector.ts';
import type { AcmPlan } from '../../../agent-scripts/stores/acm/plan.ts';
import type { Desired, PreviousBundles, Store } from '../../../agent-scripts/stores/store.ts';
import { factsOfPem } from '../../../core/certificate/facts.ts';
import type { Bundle } from '../../../core/deployment/version.ts';
import { AcmConfig } from '../../../core/targets/kinds/acm.ts';
import { type AcmServer, startAcmServer } from '../../fakes/acm-server.ts';
import { aVersion } from '../../fixtures/certificates.ts';
import { bundleOf } from '../run-agent.ts';

/** ACM with one imported certificate, and the bundles of which some source still has the key. */
export interface AcmSite {
  readonly server: AcmServer;
  readonly arn: string;
  /** The version that ACM has at first. */
  readonly first: Bundle;
  /** By fingerprint: what `PreviousBundles` finds. */
  readonly kept: Map<string, Bundle>;
  /** Opens the store of the target. `sends`: requests that may be sent before the process is killed. */
  open(options?: OpenOptions): Promise<Store<AcmPlan>>;
  /** Leaf, chain and key that ACM has under the ARN. */
  installed(): Bundle | null;
}

interface OpenOptions {
  readonly config?: Readonly<Record<string, unknown>>;
  readonly deploymentId?: string;
  readonly signal?: AbortSignal;
  readonly sends?: number;
  /** Called when a request is not sent any more, because the process was killed. */
  readonly onKill?: () => void;
}

const credentials = { accessKeyId: 'test', secretAccessKey: 'unused' };

export async function anAcmSite(): Promise<AcmSite> {
  const server = await startAcmServer();
  const first = bundleOf(await aVersion());
  const arn = server.add(contentOf(first));
  const kept = new Map([[fingerprintOf(first), first]]);
  const previous: PreviousBundles = { find: async (fingerprint) => kept.get(fingerprint) ?? null };
  return {
    server,
    arn,
    first,
    kept,
    installed: () => installedIn(server, arn),
    open({ config = { certificateArn: arn }, deploymentId = 'deployment-1', signal, sends, onKill } = {}) {
      const connector = createAcmConnector({
        client: (region) =>
          mortal(
            new ACMClient({ region, endpoint: server.endpoint, credentials, maxAttempts: 1 }),
            sends,
            onKill,
          ),
        sleep: async (_, deadline) => deadline.throwIfAborted(),
      });
      return connector.open({
        config: AcmConfig.parse(config),
        targetId: 'www-alb',
        deploymentId,
        certificate: 'www.example.test',
        credentials: {},
        previous,
        signal: signal ?? new AbortController().signal,
      });
    },
  };
}

/** After this many requests, no request is sent and none is answered: the process is dead. */
function mortal(
  client: ACMClient,
  sends = Number.POSITIVE_INFINITY,
  onKill = () => {},
): Pick<ACMClient, 'send'> {
  let left = sends;
  const send = (...parameters: unknown[]): Promise<unknown> => {
    left -= 1;
    if (left >= 0) return (client.send as (...all: unknown[]) => Promise<unknown>).apply(client, parameters);
    onKill();
    return new Promise(() => undefined);
  };
  return { send: send as ACMClient['send'] };
}

export function contentOf({ leaf, chain, key }: Bundle) {
  return { leaf, chain: chain.join(''), key };
}

export function fingerprintOf({ leaf }: Pick<Bundle, 'leaf'>): string {
  return `${factsOfPem(leaf)?.fingerprint}`;
}

/** The bundle as a deployment desires it. */
export function desiredOf(bundle: Bundle): Desired<AcmPlan> {
  const version = factsOfPem([bundle.leaf, ...bundle.chain].join(''));
  if (version === null) throw new Error('not a certificate that certferry supports');
  return { kind: 'bundle', bundle, version };
}

function installedIn(server: AcmServer, arn: string): Bundle | null {
  const found = server.certificates().find((certificate) => certificate.arn === arn);
  if (found === undefined) return null;
  return { leaf: found.leaf, chain: found.chain === '' ? [] : [found.chain], key: found.key };
}
