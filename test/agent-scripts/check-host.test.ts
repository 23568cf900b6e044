import { describe, expect, test } from 'vitest';
import { readHostFacts } from '../../account/doctor/hosts/host-facts.ts';
import { hostProblems } from '../../account/doctor/hosts/host-problems.ts';
import { RegisteredTarget } from '../../core/targets/registered.ts';
import { shells } from './bootstrap-host.ts';
import { checkHost, type HostChanges, s3Answer } from './checked-host.ts';

type ProblemName = keyof typeof hostProblems;

const nginxTarget = RegisteredTarget.parse({
  id: 'web',
  certificate: 'api.example.com',
  host: 'i-0123456789abcdef0',
  kind: 'nginx',
  config: { certPath: '/etc/nginx/tls/fullchain.pem', keyPath: '/etc/nginx/tls/privkey.pem' },
  verify: 'none',
});

/** The problems of a host with these changes. Also expects that the script has changed no file and printed no error. */
function problemsOf(changes: HostChanges, shell?: readonly string[]): Record<string, string> {
  const { stdout, stderr, status, before, after } = checkHost(changes, shell);
  expect({ status, stderr, after }).toEqual({ status: 0, stderr: '', after: before });
  const facts = readHostFacts(stdout);
  if (facts === null) throw new Error(`no facts: ${stdout}`);
  const checked = { host: 'i-0123456789abcdef0', facts, targets: [nginxTarget] };
  return Object.fromEntries(
    Object.entries(hostProblems).flatMap(([name, { find }]) => {
      const found = find(checked);
      return found === null ? [] : [[name, found]];
    }),
  );
}

const fetched = { runtimeUrl: 's3://bucket/node.gz', runtimeBytes: '127000000' };
const refused = 'echo "curl: (28) Connection timed out after 5001 milliseconds" >&2; exit 28';

/** Each problem, planted, and the fact that the doctor prints. */
const planted: Readonly<Record<ProblemName, readonly (readonly [string, HostChanges, string])[]>> = {
  architecture: [['a 32-bit host', { programs: { uname: 'echo armv7l' } }, 'armv7l']],
  'C library': [
    [
      'Amazon Linux 2',
      {
        ...fetched,
        programs: { getconf: 'echo glibc 2.26' },
        files: { 'etc/os-release': 'ID="amzn"\nVERSION_ID="2"\n' },
      },
      'glibc 2.26 (amzn 2)',
    ],
    [
      'Alpine Linux',
      {
        ...fetched,
        programs: { getconf: 'exit 1', ldd: 'echo "musl libc (x86_64)" >&2; exit 1' },
        files: { 'etc/os-release': 'ID=alpine\nVERSION_ID=3.20.1\n' },
      },
      'musl (alpine 3.20.1)',
    ],
  ],
  Node: [
    ['a host without Node', { programs: { node: null } }, 'no node on the PATH of the SSM Agent'],
    ['an old Node', { programs: { node: 'echo v18.20.4' } }, 'Node 18.20'],
  ],
  'read-only': [
    [
      'a read-only file system',
      { files: { 'proc/self/mounts': '/dev/root / ext4 rw 0 0\n/dev/sdb /var ext4 ro,relatime 0 0\n' } },
      '/var is read-only',
    ],
  ],
  noexec: [
    [
      'noexec on /var',
      { ...fetched, files: { 'proc/self/mounts': '/dev/sdb /var ext4 rw,noexec 0 0\n' } },
      '/var has the option noexec',
    ],
  ],
  disk: [
    [
      'a file system that is too small for the fetch',
      { ...fetched, programs: { df: 'printf "head\\n/dev/sdb 99999 1 102400 1%% /var\\n"' } },
      '100 MiB free in /var, 190 needed',
    ],
    [
      'a file system without free inodes',
      {
        programs: {
          df: 'case $1 in -Pk) free=4194304 ;; *) free=3 ;; esac\nprintf "head\\n/dev/sdb 99999 1 $free 1%% /var\\n"',
        },
      },
      '3 inodes free in /var',
    ],
  ],
  memory: [
    ['a host without memory', { files: { 'proc/meminfo': 'MemAvailable: 51200 kB\n' } }, '50 MiB available'],
  ],
  download: [
    [
      'an old curl without the AWS CLI',
      { programs: { curl: `echo 'curl 7.61.1 (x86_64)'` } },
      'curl 7.61 and no AWS CLI',
    ],
    ['a host without curl', { programs: { curl: null } }, 'neither curl nor the AWS CLI'],
  ],
  credentials: [
    [
      'a missing instance profile',
      {
        metadata:
          'case $1 in token) echo t ;; *) echo "curl: (22) The requested URL returned error: 404" >&2; exit 22 ;; esac',
      },
      'no instance profile',
    ],
    [
      'a disabled metadata service',
      { metadata: refused },
      'the metadata service does not answer: curl: (28) Connection timed out after 5001 milliseconds',
    ],
    [
      'a hybrid node that does not share its credentials',
      { environment: { AWS_SSM_INSTANCE_ID: 'mi-0123456789abcdef0' } },
      'the SSM Agent of the hybrid node does not share its credentials',
    ],
  ],
  S3: [
    [
      'a VPC without an endpoint for S3',
      { s3: refused },
      'no connection: curl: (28) Connection timed out after 5001 milliseconds',
    ],
    [
      'a proxy that answers itself',
      {
        s3: `printf 'HTTP/1.1 200 OK\\r\\nContent-Type: text/html\\r\\n'`,
        environment: { https_proxy: 'http://user:password@proxy:3128' },
      },
      'another server answers through the proxy: HTTP 200',
    ],
  ],
  clock: [
    [
      'a wrong clock',
      { programs: { date: 'echo 1700000000' }, s3: s3Answer(new Date(1_700_003_600_000)) },
      '3600 seconds behind',
    ],
  ],
  'user data': [
    [
      'user data that is still running',
      { files: { 'run/cloud-init/result.json': null, 'run/cloud-init/status.json': '{}' } },
      'cloud-init has not finished',
    ],
  ],
  daemons: [['a host without its daemon', { programs: { nginx: null } }, 'no nginx for web']],
};

const cases = Object.entries(planted).flatMap(([name, ofProblem]) =>
  ofProblem.map(([title, changes, found]) => ({ name, title, changes, found })),
);

describe('the check of a host', () => {
  test.each(shells.map((shell) => ({ name: shell.join(' '), shell })))(
    'A host without problems has none, in the shell $name',
    ({ shell }) => {
      expect(problemsOf({}, shell)).toEqual({});
      expect(problemsOf(fetched, shell)).toEqual({});
    },
  );

  test.each(cases)('The check of a host finds $title, and changes no file', ({ name, changes, found }) => {
    expect(problemsOf(changes)).toMatchObject({ [name]: found });
  });

  test('The facts of a host fit into the output that SSM returns for many hosts', () => {
    const long = `printf '%0500d' 1`;
    const { stdout } = checkHost({
      metadata: `${long}; exit 22`,
      s3: `${long}; exit 28`,
      programs: { uname: long, getconf: long, aws: long, node: long },
    });

    expect(stdout.length).toBeLessThanOrEqual(2500);
    expect(readHostFacts(stdout)).not.toBeNull();
  });

  test('The facts of a host contain no password of a proxy and no token of the metadata service', () => {
    const { stdout } = checkHost({
      environment: { https_proxy: 'http://user:password@proxy:3128', no_proxy: 'a' },
    });

    expect(stdout).toContain('\nproxies https_proxy no_proxy \n');
    expect(stdout).toContain('\ncredentials instance-role fleet-role\n');
    expect(stdout).not.toMatch(/password|secret-token/);
  });

  test('A host with shared credentials of the SSM Agent needs no metadata service', () => {
    const identity = {
      'var/lib/amazon/ssm/runtimeconfig/identity_config.json': '{"ShareFile": "/root/.aws/credentials"}',
    };

    expect(checkHost({ files: identity, metadata: refused }).stdout).toContain(
      '\ncredentials default-host-management\n',
    );
  });

  test('An answer that ends early is not taken for facts', () => {
    const { stdout } = checkHost();

    expect(readHostFacts(stdout.slice(0, stdout.lastIndexOf('daemons')))).toBeNull();
    expect(readHostFacts('')).toBeNull();
  });
});
