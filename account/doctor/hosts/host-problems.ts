import type { FileKind } from '../../../core/targets/kinds/kinds.ts';
import type { RegisteredTarget } from '../../../core/targets/registered.ts';
import type { HostFacts } from './host-facts.ts';
import { reaches, type Version } from './version.ts';

/** A host with its facts, and the targets that are deployed to it. */
export interface CheckedHost {
  readonly host: string;
  readonly facts: HostFacts;
  readonly targets: readonly RegisteredTarget[];
}

interface HostProblem {
  /** What the host has, for `found` of the check; null if there is no problem. */
  readonly find: (checked: CheckedHost) => string | null;
  readonly next: string;
}

/** The C library that the builds of Node need: https://github.com/nodejs/node/blob/main/BUILDING.md. */
const minimumGlibc: Version = [2, 28];
/** docs/decisions/0012-node-20-12-on-hosts.md */
const minimumNode: Version = [20, 12];
/** Earlier versions cannot sign all headers of a request to S3 (agent-scripts/bootstrap.sh). */
const minimumCurl: Version = [7, 88];
/** The peak of the agent (`npm run bench`) and some memory for the commands of its target. */
const minimumMemoryMib = 100;
/** docs/deploying.md: without a fetched runtime, the agent's folder needs this space. */
const agentMib = 20;
const minimumInodes = 64;
/** S3 refuses signatures with a larger difference: `RequestTimeTooSkewed`. */
const maximumClockSeconds = 300;

const mib = (kib: number) => Math.floor(kib / 1024);

/** The space for a fetch: the unpacked runtime beside its packed form, as `require_space` in bootstrap.sh computes it. */
const neededMib = ({ runtime, runtimeBytes }: HostFacts) =>
  runtime === 'host' ? agentMib : Math.ceil((runtimeBytes * 3) / 2 / 2 ** 20) + 8;

/** The problems that a host can have. The key is the name of the check, after "hosts: ". */
export const hostProblems = {
  architecture: {
    find: ({ facts: { architecture } }) =>
      ['x86_64', 'aarch64'].includes(architecture) ? null : architecture || 'unknown',
    next: 'Deploy to this host from another one, with kind ssh: no runtime for this architecture exists.',
  },
  'C library': {
    find: ({ facts: { runtime, libc, system } }) => {
      if (runtime === 'host' || libc === null) return null;
      if (libc.name === 'musl') return `musl (${system})`;
      return reaches(libc.version, minimumGlibc) ? null : `glibc ${libc.version.join('.')} (${system})`;
    },
    next: "The runtime needs glibc 2.28 or later. Move the host to a current release, or set runtime: 'host' and install Node 20.12 or later.",
  },
  Node: {
    find: ({ facts: { runtime, node } }) => {
      if (runtime === 'fetched') return null;
      if (node === null) return 'no node on the PATH of the SSM Agent';
      return reaches(node, minimumNode) ? null : `Node ${node.join('.')}`;
    },
    next: 'Install Node 20.12 or later on the host, or let the stack deliver a runtime.',
  },
  'read-only': {
    find: ({ facts: { mount, mountOptions } }) =>
      mountOptions.includes('ro') ? `${mount} is read-only` : null,
    next: 'Run mount -o remount,rw on it and correct /etc/fstab. If it should be writable, the kernel log names the error.',
  },
  noexec: {
    find: ({ facts: { runtime, mount, mountOptions } }) =>
      runtime === 'fetched' && mountOptions.includes('noexec') ? `${mount} has the option noexec` : null,
    next: "Remove noexec from /etc/fstab and remount, or set runtime: 'host' and install Node 20.12 or later.",
  },
  disk: {
    find({ facts }) {
      if (facts.freeInodes !== null && facts.freeInodes < minimumInodes)
        return `${facts.freeInodes} inodes free in ${facts.mount}`;
      if (facts.freeKib === null || mib(facts.freeKib) >= neededMib(facts)) return null;
      return `${mib(facts.freeKib)} MiB free in ${facts.mount}, ${neededMib(facts)} needed`;
    },
    next: 'Remove files that are not needed there, or mount a larger file system at /var/lib/certferry.',
  },
  memory: {
    find: ({ facts: { memoryKib } }) =>
      memoryKib === null || mib(memoryKib) >= minimumMemoryMib ? null : `${mib(memoryKib)} MiB available`,
    next: `Free some memory: the agent needs ${minimumMemoryMib} MiB while a job runs.`,
  },
  download: {
    find({ facts: { curl, hasAwsCli } }) {
      if (hasAwsCli || (curl !== null && reaches(curl, minimumCurl))) return null;
      return curl === null ? 'neither curl nor the AWS CLI' : `curl ${curl.join('.')} and no AWS CLI`;
    },
    next: 'Install the AWS CLI, or curl 7.88 or later: the bootstrap signs its requests to S3 with one of them.',
  },
  credentials: {
    find({ facts: { credentials } }) {
      const words = credentialProblems[credentials.kind];
      return words === undefined
        ? null
        : [words, credentials.detail].filter((word) => word !== '').join(': ');
    },
    next: 'Attach an instance profile with the host policy (output HostPolicyArn), enable the metadata service, and let a hybrid node share its credentials (Profile.ShareCreds).',
  },
  S3: {
    find({ facts: { s3, curl, proxies } }) {
      if (s3.answer === 'aws' || curl === null) return null;
      const through = proxies.includes('https_proxy') ? ' through the proxy' : '';
      return s3.answer === 'error'
        ? `no connection${through}: ${s3.detail}`
        : `another server answers${through}: HTTP ${s3.detail}`;
    },
    next: 'In a VPC without internet, add a gateway endpoint for S3 to the route table. With a proxy, set https_proxy for the SSM Agent and allow the bucket.',
  },
  clock: {
    find: ({ facts: { clockSeconds } }) =>
      clockSeconds === null || Math.abs(clockSeconds) <= maximumClockSeconds
        ? null
        : `${Math.abs(clockSeconds)} seconds ${clockSeconds > 0 ? 'ahead' : 'behind'}`,
    next: 'Correct the clock: run chronyc makestep, or start chronyd or systemd-timesyncd.',
  },
  'user data': {
    find: ({ facts: { userDataRuns } }) => (userDataRuns ? 'cloud-init has not finished' : null),
    next: 'Wait until the user data has finished: cloud-init status --wait. A deployment before that can find no daemon.',
  },
  daemons: {
    find({ facts: { daemons }, targets }) {
      const missing = targets.filter((target) => {
        const programs = programsOf(target);
        return programs.length > 0 && !programs.some((program) => daemons.includes(program));
      });
      return missing.length === 0
        ? null
        : missing.map((target) => `no ${programsOf(target).join(' or ')} for ${target.id}`).join(', ');
    },
    next: 'Install the daemon, or correct the tags or the kind of the target. A daemon in a container needs kind files with a reload of its own.',
  },
} as const satisfies Readonly<Record<string, HostProblem>>;

const credentialProblems: Readonly<Record<string, string>> = {
  none: 'no instance profile',
  'no-metadata': 'the metadata service does not answer',
  'hybrid-not-shared': 'the SSM Agent of the hybrid node does not share its credentials',
};

/** The programs of each kind, one of which a host needs. Empty: any program may read the files. */
const programs: Readonly<Record<FileKind, readonly string[]>> = {
  nginx: ['nginx'],
  haproxy: ['haproxy'],
  apache: ['apache2', 'httpd'],
  caddy: ['caddy'],
  envoy: ['envoy'],
  traefik: ['traefik'],
  postfix: ['postfix'],
  dovecot: ['dovecot'],
  javakeystore: ['java'],
  files: [],
};

function programsOf({ kind }: RegisteredTarget): readonly string[] {
  return Object.entries(programs).find(([name]) => name === kind)?.[1] ?? [];
}
