// Not simulated: other spellings of a source, and the table.
import type { CertificateSource } from '../../core/deployment/source.ts';
import { RegisteredTarget } from '../../core/targets/registered.ts';
import type { Catalogue } from '../../services/registry/catalogue.ts';

export interface FakeCatalogue
  extends Pick<Catalogue, 'fedBy' | 'targets' | 'targetsOfGroup' | 'currentVersion'> {
  /** Certificates that have the version of a rollout that ended well. */
  readonly current: Set<string>;
}

/** Certificates by the source that feeds them, and targets on Auto Scaling groups. */
export function fakeCatalogue(known: {
  readonly feeds?: readonly (readonly [CertificateSource, string])[];
  readonly targets?: readonly RegisteredTarget[];
}): FakeCatalogue {
  const { feeds = [], targets = [] } = known;
  const current = new Set<string>();
  return {
    current,
    async fedBy(source) {
      const wanted = JSON.stringify(source);
      return feeds.flatMap(([place, certificate]) => (JSON.stringify(place) === wanted ? [certificate] : []));
    },
    async targets() {
      return targets.map((thing) => ({ thing, origin: 'cli' as const }));
    },
    async targetsOfGroup(group) {
      return targets.filter(
        ({ host }) =>
          typeof host !== 'string' && 'autoScalingGroup' in host && host.autoScalingGroup === group,
      );
    },
    async currentVersion(certificate) {
      if (!current.has(certificate)) return null;
      const source = { kind: 'parameter', name: 'p', version: 1 } as const;
      return { fingerprint: `sha256:${'0'.repeat(64)}`, source, notAfter: 1_800_000_000 };
    },
  };
}

/** A target on the instances of a group. */
export const onGroup = (id: string, autoScalingGroup: string, overrides: Record<string, unknown> = {}) =>
  onHosts(id, { autoScalingGroup }, overrides);

/** A target on the instances with these tags. */
export const onTags = (
  id: string,
  tags: Readonly<Record<string, string>>,
  overrides: Record<string, unknown> = {},
) => onHosts(id, { tags }, overrides);

function onHosts(id: string, selector: object, { host, ...rest }: Record<string, unknown>) {
  return RegisteredTarget.parse({
    id,
    certificate: 'api.example.com',
    host: { ...selector, ...(host as object | undefined) },
    kind: 'nginx',
    config: { certPath: '/etc/nginx/tls/fullchain.pem', keyPath: '/etc/nginx/tls/privkey.pem' },
    verify: { endpoint: '{host}:443', serverName: 'api.example.com' },
    ...rest,
  });
}
