import { existsSync, globSync, readFileSync, statSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join, resolve } from 'node:path';
import { type Check, type Finding, failed, listed, nothing, passed, performCheck } from '../../core/check.ts';
import { counted } from '../../core/counted.ts';
import { spaceFor } from '../base/space-reserve.ts';
import { requireTrustedEntries, requireTrustedState } from '../base/trusted-state.ts';
import { notPerformed } from './not-performed.ts';

/** The checks of a state folder. They create nothing. */
export async function stateChecks(folder: string): Promise<Check[]> {
  const path = resolve(folder);
  const checks: Readonly<Record<string, () => Finding>> = {
    user: checkUser,
    'state folder': () => checkFolder(path),
    'private keys of certferry': () => checkKeys(path),
    'space on the disk': () => checkSpace(path),
    'mount options': () => checkMount(path, readFileSync('/proc/self/mounts', 'utf8')),
  };
  const rows = Object.entries(checks).map(([name, run]) => performCheck(name, run, notPerformed));
  return Promise.all(rows);
}

const modeOf = (path: string): number => statSync(path).mode & 0o7777;
const octal = (mode: number): string => mode.toString(8).padStart(4, '0');

function checkUser(): Finding {
  const { username, uid } = userInfo();
  return passed(`${username} (uid ${uid}): certferry has the permissions of this user`);
}

function checkFolder(path: string): Finding {
  if (!existsSync(path)) {
    return nothing(
      `${path} does not exist`,
      'The first deployment creates it. Or name another one with --state DIR.',
    );
  }
  requireTrustedState(path);
  requireTrustedEntries(path);
  const mode = modeOf(path);
  if ((mode & 0o077) !== 0)
    return failed(`${path} has mode ${octal(mode)}, so other users can read it`, `Run: chmod 700 '${path}'`);
  return passed(`${path}: mode ${octal(mode)}, and no other user can change it`);
}

/** The key that signs jobs, the one of kept copies, and the keys of hosts. */
function checkKeys(path: string): Finding {
  const keys = [...globSync('{job-key.json,data-key.json,hosts/*/keys.json}', { cwd: path })];
  const readable = keys.filter((name) => (modeOf(join(path, name)) & 0o077) !== 0);
  if (readable.length > 0) {
    const paths = readable.map((name) => `'${join(path, name)}'`).join(' ');
    return failed(
      `other users can read ${listed(readable)}`,
      `Run: chmod 600 ${paths}. If another user may have read a key, remove its file: certferry creates a new one.`,
    );
  }
  if (keys.length === 0) return nothing('no key yet', 'The first deployment creates them.');
  return passed(`${counted(keys.length, 'file')} in the state folder, for their owner only`);
}

const mebibytes = (bytes: number): string =>
  Number.isFinite(bytes) ? `${Math.floor(bytes / 2 ** 20)} MiB` : 'unlimited space';

function checkSpace(path: string): Finding {
  const { free, needed } = spaceFor(existingFolder(path), 1);
  if (free < needed) {
    return failed(
      `${mebibytes(free)} free, ${mebibytes(needed)} needed`,
      'Free space on the disk of the state folder, or name another folder with --state DIR.',
    );
  }
  return passed(`${mebibytes(free)} free`);
}

/**
 * `mounts` is the content of proc_pid_mounts(5). The script of a deployment is executed in the state folder, and its records are
 * written there.
 */
export function checkMount(path: string, mounts: string): Finding {
  const { point, options } = mountOf(existingFolder(path), mounts);
  const wrong = ['noexec', 'ro'].filter((option) => options.includes(option));
  if (wrong.length === 0) return passed(`${point} permits writing and programs`);
  return failed(
    `${point} has the option ${wrong.join(' and ')}`,
    `Remount it without ${wrong.join(' and ')}, or name a folder on another file system with --state DIR.`,
  );
}

interface Mount {
  readonly point: string;
  readonly options: readonly string[];
}

/** The last mount of a point covers the earlier ones. */
function mountOf(path: string, mounts: string): Mount {
  const above = mounts
    .split('\n')
    .map((line) => line.split(' '))
    .map(([, point = '', , options = '']): Mount => ({ point, options: options.split(',') }))
    .filter(({ point }) => point !== '' && `${path}/`.startsWith(point === '/' ? '/' : `${point}/`));
  const none: Mount = { point: '/', options: [] };
  return above.reduce((best, one) => (one.point.length >= best.point.length ? one : best), none);
}

function existingFolder(path: string): string {
  return existsSync(path) || path === '/' ? path : existingFolder(resolve(path, '..'));
}
