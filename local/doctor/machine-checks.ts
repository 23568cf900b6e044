import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { type Check, type Finding, failed, nothing, passed, performCheck } from '../../core/check.ts';
import { notPerformed } from './not-performed.ts';

/** What the checks read; a test replaces it. */
export interface Machine {
  /** The folder that stands for `/`. */
  readonly root: string;
  /** Standard output of a program; null if it is missing or fails. */
  readonly run: (program: string, ...args: string[]) => string | null;
  readonly isRoot: boolean;
}

export const thisMachine: Machine = {
  root: '/',
  run(program, ...args) {
    const { status, stdout } = spawnSync(program, args, {
      encoding: 'utf8',
      timeout: 10_000,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    return status === 0 ? stdout.trim() : null;
  },
  isRoot: process.geteuid?.() === 0,
};

/** The checks of clock and namespaces. They change nothing. */
export function machineChecks(machine: Machine): Promise<Check[]> {
  const checks: Readonly<Record<string, () => Finding>> = {
    clock: () => checkClock(machine),
    container: () => checkContainer(machine),
    'check of staged files': () => checkNamespace(machine),
  };
  return Promise.all(Object.entries(checks).map(([name, run]) => performCheck(name, run, notPerformed)));
}

/** timedatectl(1) asks the kernel, so it reports chronyd too. chronyc(1) is for machines without systemd. */
function checkClock({ run }: Machine): Finding {
  const synchronised = run('timedatectl', 'show', '--property=NTPSynchronized', '--value');
  if (synchronised === 'yes') return passed('synchronised, as timedatectl reports');
  const leap = /^Leap status *: *(.*)$/m.exec(run('chronyc', '-n', 'tracking') ?? '')?.[1];
  if (leap === 'Normal') return passed('synchronised, as chronyc reports');
  if (synchronised === null && leap === undefined) {
    return nothing(
      'neither timedatectl nor chronyc reports its state',
      'Compare the clock with another machine: date -u',
    );
  }
  return failed(
    'not synchronised',
    'Start chronyd or systemd-timesyncd. With a wrong clock, a new certificate is not valid yet, or an expired one seems valid.',
  );
}

const containerFiles: Readonly<Record<string, string>> = {
  '.dockerenv': 'docker',
  'run/.containerenv': 'podman',
  'run/systemd/container': 'systemd-nspawn or LXC',
};

/** Process 2 of a machine is `kthreadd`, which no other PID namespace contains (pid_namespaces(7)). */
function checkContainer({ root }: Machine): Finding {
  const engine = Object.entries(containerFiles).find(([file]) => existsSync(join(root, file)))?.[1];
  const ownProcesses = textOf(join(root, 'proc/2/comm')) !== 'kthreadd';
  if (engine === undefined && !ownProcesses) {
    return hasOwnFiles(root)
      ? failed(
          'no container, but another mount namespace than process 1: daemons may have other files',
          'Run certferry outside this namespace, for example in a new login.',
        )
      : passed('no container: all processes and files of the machine are visible');
  }
  return nothing(
    `in a container (${engine ?? 'of an unknown engine'}): only its processes and files are visible`,
    'To deploy to a daemon outside, run certferry on the machine, or deploy with kind ssh.',
  );
}

/** False if this user may not read the namespace of process 1. */
function hasOwnFiles(root: string): boolean {
  try {
    return readlinkSync(join(root, 'proc/self/ns/mnt')) !== readlinkSync(join(root, 'proc/1/ns/mnt'));
  } catch {
    return false;
  }
}

/** The agent checks staged files in a mount namespace (agent-scripts/validation/check-staged-files.ts). */
function checkNamespace({ run, isRoot }: Machine): Finding {
  const next =
    'Nothing to do for daemons whose reload refuses wrong files. Otherwise run certferry as root, outside a container.';
  const afterwards = 'the daemon checks new files only after they are installed';
  if (!isRoot) return nothing(`not root: ${afterwards}`, next);
  const ran = run('unshare', '--mount', '--propagation', 'private', '--', 'true') !== null;
  return ran
    ? passed('the daemon can check new files before they are installed')
    : nothing(`no mount namespace: ${afterwards}`, next);
}

function textOf(path: string): string | null {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return null;
  }
}
