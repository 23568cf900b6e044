import type { HostSelector, Member } from '../../core/target/registered.ts';

/** One host as SSM and EC2 know it now. `online`: SSM's PingStatus. */
export interface FoundHost extends Member {
  readonly online: boolean;
}

/**
 * Hosts as they are at this moment. A host named by its id is always found (offline when SSM does not know it, so that
 * its deployment says so); tags and groups give running instances only, in the order of their ids.
 */
export interface Fleet {
  resolve(selector: HostSelector): Promise<FoundHost[]>;
}
