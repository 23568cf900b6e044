import type { Construct } from 'constructs';
import { completeStack, type ProtectedTables } from './completion-grants.ts';
import type { CredentialAccess } from './credential-access.ts';
import {
  completeApprovals,
  completeTasks,
  describeExecutions,
  describeRollouts,
  startRollouts,
} from './execution-grants.ts';
import type { Grant } from './grant.ts';
import {
  assumeRunners,
  findHosts,
  readInstances,
  readInvocations,
  sendJobs,
  sendProbes,
} from './host-grants.ts';
import { startRuns } from './run-grants.ts';
import { readJobKeys, type SigningKeys, signJobs } from './signing-grants.ts';
import { readSources, type SourceAccess } from './source-grants.ts';
import { keepBundles, openKeptBundles, readCredentials } from './store-grants.ts';
import {
  nameWorkBucket,
  notifyOperators,
  readWaveFiles,
  type SharedResources,
  writeWaveFiles,
} from './work-bucket-and-topic.ts';

/** The permissions of functions besides access to tables. */
export type Permission =
  | 'sendJobs'
  | 'signJobs'
  | 'sendProbes'
  | 'readJobKeys'
  | 'completeStack'
  | 'readInvocations'
  | 'findHosts'
  | 'readInstances'
  | 'assumeRunners'
  | 'completeTasks'
  | 'completeApprovals'
  | 'describeExecutions'
  | 'describeRollouts'
  | 'startRollouts'
  | 'readSources'
  | 'readCredentials'
  | 'startRuns'
  | 'keepBundles'
  | 'openKeptBundles'
  | 'nameWorkBucket'
  | 'readWaveFiles'
  | 'writeWaveFiles'
  | 'notifyOperators';

export interface GrantProps extends SharedResources {
  readonly sources: SourceAccess;
  readonly credentials: CredentialAccess;
  readonly jobKeys: SigningKeys;
  readonly tables: ProtectedTables;
  /** Ids of the member accounts. */
  readonly accounts: readonly string[];
}

/** Creates all grants for the stack of `scope`. */
export function grantsFor(scope: Construct, props: GrantProps): Readonly<Record<Permission, Grant>> {
  return {
    sendJobs: sendJobs(scope),
    signJobs: signJobs(props.jobKeys),
    sendProbes: sendProbes(scope),
    readJobKeys: readJobKeys(props.jobKeys),
    completeStack: completeStack(scope, props.tables),
    readInvocations: readInvocations(),
    findHosts: findHosts(),
    readInstances: readInstances(),
    assumeRunners: assumeRunners(scope, props.accounts),
    completeTasks: completeTasks(),
    completeApprovals: completeApprovals(),
    describeExecutions: describeExecutions(scope),
    describeRollouts: describeRollouts(scope),
    startRollouts: startRollouts(scope),
    readSources: readSources(scope, props.sources),
    readCredentials: readCredentials(scope, props.credentials),
    startRuns: startRuns(scope),
    keepBundles: keepBundles(props),
    openKeptBundles: openKeptBundles(props),
    nameWorkBucket: nameWorkBucket(props),
    readWaveFiles: readWaveFiles(scope, props),
    writeWaveFiles: writeWaveFiles(scope, props),
    notifyOperators: notifyOperators(scope, props),
  };
}
