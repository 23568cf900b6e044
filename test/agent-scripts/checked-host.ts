// A folder stands for the root of the host, and programs of its own for those of the host. Not shown: real mounts, real df.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { renderCheckDocument } from '../../scripts/render-document.ts';

/** The programs of the machine that the script uses. They are copied: a write through a link would replace them. */
const realPrograms = ['sh', 'printf', 'tr', 'cut', 'sed', 'head', 'tail', 'cat', 'date', 'readlink'];

/** The answer of S3 to a request without credentials. */
export const s3Answer = (date = new Date()): string =>
  `printf 'HTTP/1.1 403 Forbidden\\r\\nx-amz-request-id: 1\\r\\nDate: ${date.toUTCString()}\\r\\n'`;

export interface HostChanges {
  /** What a deployed document contains in its assignments. */
  readonly runtimeUrl?: string;
  readonly runtimeBytes?: string;
  readonly environment?: Readonly<Record<string, string>>;
  /** Text of files below the root; null removes the file. */
  readonly files?: Readonly<Record<string, string | null>>;
  /** Shell text of programs; null removes the program. */
  readonly programs?: Readonly<Record<string, string | null>>;
  /** What the metadata service does: shell text with $1 as the last part of the path. */
  readonly metadata?: string;
  readonly s3?: string;
}

const usualFiles: Readonly<Record<string, string>> = {
  'etc/os-release': 'NAME="Amazon Linux"\nVERSION_ID="2023"\nID="amzn"\n',
  'proc/self/mounts': '/dev/root / ext4 rw,relatime 0 0\n/dev/sdb /var ext4 rw,nosuid 0 0\n',
  'proc/meminfo': 'MemTotal: 4000000 kB\nMemFree: 10 kB\nMemAvailable: 2048000 kB\n',
  'proc/sys/crypto/fips_enabled': '0\n',
  'run/cloud-init/result.json': '{}',
};

const usualPrograms: Readonly<Record<string, string>> = {
  uname: 'echo x86_64',
  getconf: 'echo glibc 2.34',
  df: 'case $1 in -Pk) free=4194304 ;; *) free=100000 ;; esac\nprintf "Filesystem blocks Used Available Capacity Mounted on\\n/dev/sdb 9999999 1 $free 1%% /var\\n"',
  node: 'echo v22.18.0',
  nginx: 'exit 1',
};

const usualMetadata =
  'case $1 in token) echo secret-token ;; security-credentials) echo fleet-role ;; *) exit 22 ;; esac';

/** Runs the real script on a host with these changes. The host is removed afterwards. */
export function checkHost(changes: HostChanges = {}, shell: readonly string[] = ['sh']) {
  const root = mkdtempSync(join(tmpdir(), 'certferry-check-'));
  try {
    return runIn(root, changes, shell);
  } finally {
    rmSync(root, { recursive: true });
  }
}

function runIn(root: string, changes: HostChanges, [command = 'sh', ...args]: readonly string[]) {
  const { metadata = usualMetadata, s3 = s3Answer() } = changes;
  for (const [name, text] of Object.entries({ ...usualFiles, ...changes.files })) {
    if (text !== null) write(join(root, name), text);
  }
  const bin = join(root, 'bin');
  mkdirSync(bin);
  for (const name of realPrograms) copyFileSync(`/usr/bin/${name}`, join(bin, name));
  const curl = `last=''\nfor last in "$@"; do :; done
case $last in
  --version) echo 'curl 8.5.0 (x86_64) libcurl/8.5.0' ;;
  http://169.254.169.254/*) last=\${last%/}; set -- "\${last##*/}"; ${metadata} ;;
  https://*) ${s3} ;;
esac`;
  for (const [name, text] of Object.entries({ curl, ...usualPrograms, ...changes.programs })) {
    if (text !== null) write(join(bin, name), `#!/bin/sh\n${text}\n`, 0o755);
  }
  const values: Readonly<Record<string, string>> = {
    Home: join(root, 'var/lib/certferry'),
    RuntimeUrl: changes.runtimeUrl ?? 'host',
    RuntimeBytes: changes.runtimeBytes ?? '',
    AgentHttpsUrl: 'https://s3.eu-west-1.amazonaws.com/bucket/agent.cjs',
  };
  const lines: string[] = JSON.parse(renderCheckDocument()).mainSteps[0].inputs.runCommand;
  const script = lines
    .map((line) => line.replace(/='\$\{([A-Za-z]+)\}'$/, (_, name) => `='${values[name]}'`))
    .map((line) => (line === "root=''" ? `root='${root}'` : line.replaceAll(/PATH=\$PATH:\S+/g, ':')))
    .join('\n');
  const before = digestOfTree(root);
  const { status, stdout, stderr } = spawnSync(`/usr/bin/${command}`, [...args, '-c', script], {
    encoding: 'utf8',
    cwd: root,
    env: { PATH: bin, HOME: root, TMPDIR: root, ...changes.environment },
  });
  return { status, stdout, stderr, before, after: digestOfTree(root) };
}

function write(path: string, text: string, mode = 0o644): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text, { mode });
}

/** A digest of the names, modes, times and contents of all files below a folder. */
function digestOfTree(folder: string): string {
  const hash = createHash('sha256');
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort()) {
    const path = join(folder, name);
    const { mode, mtimeMs, ctimeMs, size } = statSync(path);
    hash.update(JSON.stringify([name, mode, mtimeMs, ctimeMs, size]));
    if (statSync(path).isFile() && path.startsWith(folder) && !path.includes('/bin/'))
      hash.update(readFileSync(path));
  }
  return hash.digest('hex');
}
