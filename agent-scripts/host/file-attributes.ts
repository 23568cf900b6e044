import { spawnSync } from 'node:child_process';

/**
 * Copies extended attributes, ACL and SELinux label from one file to another. Node has no calls for them, so this runs
 * cp(1) of GNU coreutils. If cp cannot copy attributes (busybox), the file keeps the defaults of its folder.
 */
export function copyAttributes(from: string, to: string): void {
  spawnSync('cp', ['--attributes-only', '--preserve=mode,context,xattr', '--', from, to], {
    stdio: 'ignore',
  });
}
