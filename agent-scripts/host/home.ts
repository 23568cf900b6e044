import { join } from 'node:path';

/**
 * The agent's own folder on the host. All folders have mode 0700, all files 0600:
 *
 * ```
 * bin/, compiled/                      the agent and the runtime (bootstrap.sh), compiled code (Node)
 * fetch.lock                           empty file, locked while bootstrap.sh fetches the agent or the runtime
 * lock                                 empty file, locked while a job runs
 * locks/                               locks of destination folders, if the agent is not root (else /run/certferry)
 * keys.json                            the host's key, the next one during a job, ids of retired keys
 * accepted-jobs.json                   the ids of signed jobs, so that none is accepted twice
 * journal.json                         exists only during a change
 * reserve                              keeps space on the disk for the records above and below
 * scratch/                             mount point inside private namespaces; empty outside
 * targets/<id>/fence                   highest fence of all jobs so far
 * targets/<id>/on-deployed              the deployment whose commands onDeployed were started last
 * targets/<id>/receipts/<deployment>.json
 * targets/<id>/backups/<deployment>/   the files that this deployment replaced
 * targets/<id>/copies/<deployment>/    the files that this deployment installed, if another program replaces them too
 * targets/<id>/store/                  journal.json and receipts/ of a target in a store
 * ```
 */
export interface Home {
  readonly root: string;
  readonly lock: string;
  readonly locks: string;
  readonly keys: string;
  readonly acceptedJobs: string;
  readonly journal: string;
  readonly reserve: string;
  readonly scratch: string;
  readonly targets: string;
  target(targetId: string): TargetHome;
}

export interface TargetHome {
  readonly root: string;
  readonly fence: string;
  readonly onDeployed: string;
  readonly receipts: string;
  receipt(deploymentId: string): string;
  backups(deploymentId: string): string;
  readonly allCopies: string;
  copies(deploymentId: string): string;
  readonly store: { readonly root: string; readonly journal: string; readonly receipts: string };
}

/** The paths in the agent's own folder at `root`. */
export function homeAt(root: string): Home {
  return {
    root,
    lock: join(root, 'lock'),
    locks: join(root, 'locks'),
    keys: join(root, 'keys.json'),
    acceptedJobs: join(root, 'accepted-jobs.json'),
    journal: join(root, 'journal.json'),
    reserve: join(root, 'reserve'),
    scratch: join(root, 'scratch'),
    targets: join(root, 'targets'),
    target: (targetId) => targetHomeAt(join(root, 'targets', targetId)),
  };
}

function targetHomeAt(root: string): TargetHome {
  return {
    root,
    fence: join(root, 'fence'),
    onDeployed: join(root, 'on-deployed'),
    receipts: join(root, 'receipts'),
    receipt: (deploymentId) => join(root, 'receipts', `${deploymentId}.json`),
    backups: (deploymentId) => join(root, 'backups', deploymentId),
    allCopies: join(root, 'copies'),
    copies: (deploymentId) => join(root, 'copies', deploymentId),
    store: {
      root: join(root, 'store'),
      journal: join(root, 'store', 'journal.json'),
      receipts: join(root, 'store', 'receipts'),
    },
  };
}
