import { spawnSync } from 'node:child_process';

/**
 * Gives `to` the extended attributes, ACL and SELinux label of `from`. Node has no calls for them; cp(1) of GNU
 * coreutils copies attributes alone. Where cp cannot (busybox), the file keeps what its folder gave it.
 */
export function copyAttributes(from: string, to: string): void {
  spawnSync('cp', ['--attributes-only', '--preserve=mode,context,xattr', '--', from, to], {
    stdio: 'ignore',
  });
}
