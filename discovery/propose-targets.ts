import { CertificateName, Target, TargetId } from '../core/targets/target.ts';
import { type FoundCertificate, hostNameOf } from './discover.ts';

/** A target for a certificate that was found, and what the operator should know about it. */
export interface ProposedTarget {
  readonly target: Readonly<Record<string, unknown>> & { readonly id: string; readonly certificate: string };
  readonly comments: readonly string[];
  /** The live files; the key is null if it is in the same file. */
  readonly files: { readonly cert: string; readonly key: string | null };
}

/** One target for each file that certferry can deploy to. Each of them is valid. */
export function proposeTargets(certificates: readonly FoundCertificate[]): ProposedTarget[] {
  const ids = new Set<string>();
  return certificates.flatMap((found) => {
    const proposed = propose(found, ids);
    if (proposed === null || !Target.safeParse(proposed.target).success) return [];
    ids.add(proposed.target.id);
    return [proposed];
  });
}

function propose(found: FoundCertificate, ids: ReadonlySet<string>): ProposedTarget | null {
  const { target, facts, sharedWith } = found;
  const certificate = facts?.names.find((name) => CertificateName.safeParse(name).success);
  if (target === null || facts === null || certificate === undefined) return null;
  const served =
    found.endpoints.find(({ fingerprint }) => fingerprint === facts.fingerprint) ?? found.endpoints[0];
  const { folderOwner: fileUser } = facts;
  return {
    target: {
      id: unused(`${found.daemon}-${certificate.replace(/^\*\./, 'wildcard.')}`, ids),
      certificate,
      host: 'local',
      kind: target.kind,
      config: { ...target.config, ...(fileUser !== null && { fileUser }) },
      verify: served === undefined ? 'none' : verifyOf(served, facts.names),
    },
    files: { cert: found.certFile, key: found.keyFile },
    comments: [
      `${facts.names.join(', ')}; expires ${new Date(facts.notAfter * 1000).toISOString().slice(0, 10)}; ${facts.key}; issued by ${facts.issuer}`,
      ...(facts.linksTo === null ? [] : [`a link to ${facts.linksTo}: another program may replace it`]),
      ...(sharedWith.length === 0 ? [] : [`the same file is used by ${sharedWith.join(', ')}`]),
      ...(served === undefined
        ? ['no endpoint was found: a deployment is not verified']
        : otherEndpoints(found, served.endpoint)),
      ...found.notes,
    ],
  };
}

function verifyOf(
  { endpoint, protocol, serverName }: FoundCertificate['endpoints'][number],
  names: readonly string[],
): object {
  const name = serverName !== null && isCovered(serverName, names) ? serverName : hostNameOf(names);
  return { endpoint, ...(name !== null && { serverName: name }), ...(protocol !== 'tls' && { protocol }) };
}

/** A wildcard stands for exactly one label (RFC 6125 6.4.3). */
function isCovered(name: string, names: readonly string[]): boolean {
  const lower = name.toLowerCase();
  return names.includes(lower) || names.includes(`*${lower.slice(lower.indexOf('.'))}`);
}

function otherEndpoints({ endpoints }: FoundCertificate, chosen: string): string[] {
  const others = [...new Set(endpoints.map(({ endpoint }) => endpoint))].filter((one) => one !== chosen);
  return others.length === 0 ? [] : [`also served at ${others.join(', ')}`];
}

function unused(name: string, ids: ReadonlySet<string>): string {
  const base = name.replaceAll(/[^A-Za-z0-9._-]/g, '-').slice(0, 60);
  const id = [base, ...Array.from({ length: 999 }, (_, at) => `${base}-${at + 2}`)].find(
    (one) => !ids.has(one),
  );
  return TargetId.safeParse(id).success && id !== undefined ? id : base;
}
