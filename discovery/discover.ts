import { inspectEndpoint } from '../core/tls-probe/inspect-endpoint.ts';
import { type FileFacts, readCertificateFile } from './certificate-file.ts';
import { daemons } from './daemons/daemons.ts';
import type { FoundEndpoint, Installation, Reading } from './found.ts';
import type { DiscoveryHost, RunningProcess } from './host.ts';

/** What an endpoint serves: the leaf of the file, another one, or a problem. */
export interface ServedLeaf extends FoundEndpoint {
  readonly fingerprint: string | null;
  readonly problem: string | null;
}

/** An installation with the leaf of its file and with what its endpoints serve. */
export interface FoundCertificate extends Omit<Installation, 'endpoints'> {
  readonly facts: FileFacts | null;
  readonly problem: string | null;
  readonly endpoints: readonly ServedLeaf[];
  /** Other daemons that read the same file. */
  readonly sharedWith: readonly string[];
}

/** A socket that no known daemon explains. */
export interface UnexplainedListener {
  readonly endpoint: string;
  readonly program: string;
  /** The names of the leaf and its expiry in epoch seconds, if TLS begins at once. */
  readonly names: readonly string[];
  readonly notAfter: number | null;
}

export interface Discovery {
  /** What expires first comes first. */
  readonly certificates: readonly FoundCertificate[];
  readonly unexplained: readonly UnexplainedListener[];
  readonly notes: readonly string[];
}

const timeoutSeconds = 5;

/** Finds what a host serves and from which files. Runs each daemon's own dump of its configuration, and changes nothing. */
export async function discover(host: DiscoveryHost, now: Date): Promise<Discovery> {
  const mains = mainProcesses(host.processes());
  const readings = await Promise.all(mains.map(({ daemon, process }) => readOf(daemon, process, host)));
  const installations = readings.flatMap((reading) => reading.installations);
  const certificates = await Promise.all(installations.map((one) => inspect(one, installations, host, now)));
  const known = new Set(mains.flatMap(({ process }) => process.pid));
  return {
    certificates: certificates.sort((one, other) => expiry(one) - expiry(other)),
    unexplained: await unexplainedListeners(host, known, now),
    notes: [...new Set(readings.flatMap((reading) => reading.notes))],
  };
}

const expiry = ({ facts }: FoundCertificate) => facts?.notAfter ?? Number.POSITIVE_INFINITY;

type Daemon = (typeof daemons)[number];

/** The main process of each instance: a worker has a parent that is one too. */
function mainProcesses(processes: readonly RunningProcess[]): { daemon: Daemon; process: RunningProcess }[] {
  return daemons.flatMap((daemon) => {
    const candidates = processes.filter((process) => daemon.isMain(process));
    const pids = new Set(candidates.map(({ pid }) => pid));
    return candidates.filter(({ parent }) => !pids.has(parent)).map((process) => ({ daemon, process }));
  });
}

async function readOf(
  { name, read }: Daemon,
  process: RunningProcess,
  host: DiscoveryHost,
): Promise<Reading> {
  if (!process.isContained) return read(process, host);
  const note = `${name} (process ${process.pid}) has its own file system, as in a container: run certferry discover there`;
  return { installations: [], notes: [note] };
}

async function inspect(
  installation: Installation,
  all: readonly Installation[],
  host: DiscoveryHost,
  now: Date,
): Promise<FoundCertificate> {
  const facts = readCertificateFile(installation.certFile, host, now);
  const isRead = typeof facts !== 'string';
  const others = all.filter((one) => one !== installation && one.certFile === installation.certFile);
  return {
    ...installation,
    facts: isRead ? facts : null,
    problem: isRead ? null : facts,
    endpoints: await Promise.all(
      installation.endpoints.map((one) => probe(one, isRead ? facts.names : [], now)),
    ),
    sharedWith: [...new Set(others.map(({ daemon }) => daemon))],
  };
}

/** Without a configured name, the probe sends the first name of the leaf, as clients do. */
async function probe(endpoint: FoundEndpoint, names: readonly string[], now: Date): Promise<ServedLeaf> {
  const serverName = endpoint.serverName ?? hostNameOf(names);
  const request = { ...endpoint, serverName: serverName ?? undefined, timeoutSeconds };
  const [inspection] = await inspectEndpoint(request, now).catch((error: Error) => [
    { served: null, problem: error.message },
  ]);
  return {
    ...endpoint,
    serverName,
    fingerprint: inspection?.served?.fingerprint ?? null,
    problem: inspection?.problem ?? null,
  };
}

/** The first name that a client can use: of a wildcard, one name that it covers. */
export function hostNameOf(names: readonly string[]): string | null {
  const name = names.find((one) => !one.startsWith('*.')) ?? names[0];
  return name === undefined ? null : name.replace(/^\*\./, 'www.');
}

async function unexplainedListeners(
  host: DiscoveryHost,
  known: ReadonlySet<number>,
  now: Date,
): Promise<UnexplainedListener[]> {
  const processes = new Map(host.processes().map((process) => [process.pid, process]));
  const isKnown = (pid: number): boolean =>
    known.has(pid) || (pid > 1 && isKnown(processes.get(pid)?.parent ?? 0));
  const sockets = host.listeners().filter(({ pids }) => !pids.some(isKnown));
  return Promise.all(
    sockets.map(async ({ address, port, pids: [pid = 0] }) => {
      const endpoint = `${address}:${port}`;
      const request = { endpoint, protocol: 'tls', timeoutSeconds } as const;
      const [inspection] = await inspectEndpoint(request, now).catch(() => []);
      return {
        endpoint,
        program: processes.get(pid)?.program.split('/').at(-1) || `process ${pid}`,
        names: inspection?.served?.names ?? [],
        notAfter: inspection?.served?.notAfter ?? null,
      };
    }),
  );
}
