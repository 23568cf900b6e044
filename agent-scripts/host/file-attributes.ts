import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

/** selinuxfs is mounted only if the kernel enforces or permits by labels (selinux(8)). */
const selinuxIsOn = () => existsSync('/sys/fs/selinux/enforce');

/**
 * Copies mode, ACL and extended attributes, and on a host with SELinux the label, from one open file to another. Node has
 * no calls for them, so this runs cp(1) of GNU coreutils. cp gets the open files, not their paths: no one can exchange
 * them in between.
 * @throws Error if cp fails: a file without its ACL could be readable by others
 */
export function copyAttributes(from: number, to: number): void {
  const preserved = ['mode', 'xattr', ...(selinuxIsOn() ? ['context'] : [])].join();
  const options = ['--attributes-only', `--preserve=${preserved}`];
  const { status, error, stderr } = spawnSync('cp', [...options, '--', '/dev/fd/3', '/dev/fd/4'], {
    stdio: ['ignore', 'ignore', 'pipe', from, to],
    encoding: 'utf8',
  });
  if (status === 0) return;
  const why = error?.message ?? stderr.trim();
  throw new Error(
    `cp could not copy its ACL and extended attributes (${why}); if this host has no GNU coreutils, install it`,
  );
}
