import { join } from 'node:path';

/**
 * Where the agent keeps what it must remember, all of it 0700/0600:
 *
 * ```
 * bin/, compiled/                      the agent itself, kept by bootstrap.sh and by Node
 * lock                                 the host-wide flock; empty
 * keys.json                            the host's X25519 key and the next one
 * journal.json                         only while a change is half done
 * scratch/                             mount point used inside private namespaces; always empty
 * targets/<id>/fence                   highest fence seen
 * targets/<id>/receipts/<deployment>.json
 * targets/<id>/backups/<deployment>/   what that deployment replaced
 * ```
 */
export interface Home {
  readonly root: string;
  readonly lock: string;
  readonly keys: string;
  readonly journal: string;
  readonly scratch: string;
  target(targetId: string): TargetHome;
}

export interface TargetHome {
  readonly root: string;
  readonly fence: string;
  readonly receipts: string;
  receipt(deploymentId: string): string;
  backups(deploymentId: string): string;
}

/** Paths under the agent's own folder. */
export function homeAt(root: string): Home {
  return {
    root,
    lock: join(root, 'lock'),
    keys: join(root, 'keys.json'),
    journal: join(root, 'journal.json'),
    scratch: join(root, 'scratch'),
    target: (targetId) => targetHomeAt(join(root, 'targets', targetId)),
  };
}

function targetHomeAt(root: string): TargetHome {
  return {
    root,
    fence: join(root, 'fence'),
    receipts: join(root, 'receipts'),
    receipt: (deploymentId) => join(root, 'receipts', `${deploymentId}.json`),
    backups: (deploymentId) => join(root, 'backups', deploymentId),
  };
}
