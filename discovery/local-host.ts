import { execFile } from 'node:child_process';
import {
  closeSync,
  constants,
  fstatSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  readSync,
  statSync,
} from 'node:fs';
import { join } from 'node:path';
import type { DiscoveryHost, Output, RunningProcess } from './host.ts';
import { listenersOf } from './listeners.ts';

const programSeconds = 20;
const maximumOutput = 16 * 1024 * 1024;
const maximumFile = 4 * 1024 * 1024;

/** This machine. `isSeen` limits it to some processes. */
export function localHost(isSeen: (process: RunningProcess) => boolean = () => true): DiscoveryHost {
  const processes = runningProcesses().filter(isSeen);
  return {
    processes: () => processes,
    listeners: () => listenersOf(processes.map(({ pid }) => pid)),
    run: runAs,
    readText: readRegularFile,
    list: (folder) => entriesOf(folder).map((name) => join(folder, name)),
  };
}

function runAs(argv: readonly string[], { uid, gid, environment }: RunningProcess): Promise<Output> {
  const [file = '', ...args] = argv;
  const isOther = process.getuid?.() === 0 && uid !== 0;
  const options = {
    cwd: '/',
    env: { PATH: searchPath, ...environment, LC_ALL: 'C' },
    timeout: programSeconds * 1000,
    maxBuffer: maximumOutput,
    ...(isOther && { uid, gid }),
  };
  return new Promise((resolve) => {
    execFile(file, args, options, (error, stdout, stderr) => {
      if (error === null) resolve({ text: stdout });
      else resolve({ problem: `${argv.join(' ')} failed: ${lastLine(stderr) || error.message}` });
    });
  });
}

const searchPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1) ?? '';
}

function runningProcesses(): RunningProcess[] {
  const ownRoot = rootOf('self');
  return entriesOf('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => processOf(Number(name), ownRoot))
    .filter((found) => found !== null);
}

/** Null for a process that has ended, or a thread of the kernel. */
function processOf(pid: number, ownRoot: string | null): RunningProcess | null {
  const argv = text(`/proc/${pid}/cmdline`).replace(/\0+$/, '').split('\0');
  const status = text(`/proc/${pid}/status`);
  const field = (name: string) =>
    Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1] ?? Number.NaN);
  const [uid, gid, parent] = [field('Uid'), field('Gid'), field('PPid')];
  if (argv[0] === '' || Number.isNaN(uid)) return null;
  const root = rootOf(pid);
  return {
    pid,
    parent,
    uid,
    gid,
    argv,
    program: link(`/proc/${pid}/exe`).replace(/ \(deleted\)$/, ''),
    environment: environmentOf(pid),
    unit: /\/([^/\n]+)\.service(\/|$)/m.exec(text(`/proc/${pid}/cgroup`))?.[1] ?? null,
    isContained: root !== null && root !== ownRoot,
  };
}

/**
 * The root folder of a process, as device and inode; null if this user may not read it. A service of systemd with PrivateTmp
 * has its own mount namespace, but the root folder of the host.
 */
function rootOf(pid: number | 'self'): string | null {
  try {
    const { dev, ino } = statSync(`/proc/${pid}/root/`);
    return `${dev} ${ino}`;
  } catch {
    return null;
  }
}

function environmentOf(pid: number): Record<string, string> {
  const pairs = text(`/proc/${pid}/environ`)
    .split('\0')
    .filter((pair) => pair.includes('='));
  return Object.fromEntries(
    pairs.map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]),
  );
}

/** Another user may have named a pipe or a device: it is not waited for. */
function readRegularFile(path: string): string | null {
  try {
    const file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const { size } = fstatSync(file);
      if (!fstatSync(file).isFile() || size > maximumFile) return null;
      const bytes = Buffer.alloc(size);
      return bytes.subarray(0, readSync(file, bytes)).toString('utf8');
    } finally {
      closeSync(file);
    }
  } catch {
    return null;
  }
}

function entriesOf(folder: string): string[] {
  try {
    return readdirSync(folder).sort();
  } catch {
    return [];
  }
}

function text(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

function link(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}
