import { type Version, versionIn } from './version.ts';

/** What `agent-scripts/check-host.sh` reports about a host. `null`: the host did not report it. */
export interface HostFacts {
  /** The distribution and its version, such as `amzn 2023`. */
  readonly system: string;
  /** As `uname -m` names it. */
  readonly architecture: string;
  readonly libc: { readonly name: 'glibc' | 'musl'; readonly version: Version } | null;
  readonly runtime: 'host' | 'fetched';
  /** The size of the unpacked runtime; 0 if the host has its own. */
  readonly runtimeBytes: number;
  readonly node: Version | null;
  readonly mount: string;
  readonly mountOptions: readonly string[];
  readonly freeKib: number | null;
  /** Null also for a file system without a fixed number of inodes. */
  readonly freeInodes: number | null;
  readonly memoryKib: number | null;
  readonly curl: Version | null;
  readonly hasAwsCli: boolean;
  readonly fips: boolean;
  /** The names of the proxy variables that are set. */
  readonly proxies: readonly string[];
  /** The kind of the credentials, and the name of the role or the reason. */
  readonly credentials: { readonly kind: string; readonly detail: string };
  /** Whether AWS answered, another server did, or no server. `detail`: the HTTP status or the error. */
  readonly s3: { readonly answer: 'aws' | 'other' | 'error'; readonly detail: string };
  /** How much the clock of the host is ahead of that of S3, in seconds. */
  readonly clockSeconds: number | null;
  readonly userDataRuns: boolean;
  /** Programs of daemons on this host. */
  readonly daemons: readonly string[];
}

/** Reads the facts. Null if the text is not the complete output of the script. */
export function readHostFacts(output: string): HostFacts | null {
  const facts = new Map(
    output.split('\n').map((line) => {
      const at = line.indexOf(' ');
      return at < 0 ? [line, ''] : [line.slice(0, at), line.slice(at + 1).trim()];
    }),
  );
  // the first and the last fact
  if (facts.get('certferry-check') !== '1' || !facts.has('daemons')) return null;
  const text = (name: string) => facts.get(name) ?? '';
  const number = (name: string) => (/^\d+$/.test(text(name)) ? Number(text(name)) : null);
  const [answer, s3Detail] = firstWord(text('s3'));
  const [kind, detail] = firstWord(text('credentials'));
  const s3Time = Date.parse(text('s3-date')) / 1000;
  const time = number('time');
  return {
    system: text('system'),
    architecture: text('architecture'),
    libc: libcOf(text('libc')),
    runtime: text('runtime') === 'host' ? 'host' : 'fetched',
    runtimeBytes: number('runtime-bytes') ?? 0,
    node: versionIn(text('node')),
    mount: text('mount'),
    mountOptions: text('mount-options').split(','),
    freeKib: number('free-kib'),
    freeInodes: number('inodes') === 0 ? null : number('free-inodes'),
    memoryKib: number('memory-kib'),
    curl: versionIn(text('curl')),
    hasAwsCli: text('aws').startsWith('aws-cli'),
    fips: text('fips') === '1',
    proxies: words(text('proxies')),
    credentials: { kind, detail },
    s3: { answer: answer === 'aws' || answer === 'other' ? answer : 'error', detail: s3Detail },
    clockSeconds: time === null || Number.isNaN(s3Time) ? null : time - s3Time,
    userDataRuns: text('user-data') === 'running',
    daemons: words(text('daemons')),
  };
}

function libcOf(text: string): HostFacts['libc'] {
  if (text === 'musl') return { name: 'musl', version: [0, 0] };
  const version = versionIn(text);
  return version === null ? null : { name: 'glibc', version };
}

function firstWord(text: string): [string, string] {
  const [first = '', ...rest] = text.split(' ');
  return [first, rest.join(' ')];
}

const words = (text: string) => text.split(' ').filter((word) => word !== '');
