import type { Construct } from 'constructs';
import {
  answerTasks,
  completeTasks,
  describeExecutions,
  describeRollouts,
  startRollouts,
} from './execution-grants.ts';
import type { Grant } from './grant.ts';
import { askWhetherOnline, assumeRunners, findHosts, readInvocations, sendCommands } from './host-grants.ts';
import { readSources, type SourceAccess } from './source-grants.ts';
import {
  keepWaveFiles,
  knowWorkBucket,
  readWaveFiles,
  type Shared,
  tellPeople,
} from './work-bucket-and-topic.ts';

/** What a Lambda may be allowed besides reading and writing tables. */
export type Permission =
  | 'sendCommands'
  | 'readInvocations'
  | 'askWhetherOnline'
  | 'findHosts'
  | 'assumeRunners'
  | 'completeTasks'
  | 'answerTasks'
  | 'describeExecutions'
  | 'describeRollouts'
  | 'startRollouts'
  | 'readSources'
  | 'knowWorkBucket'
  | 'readWaveFiles'
  | 'keepWaveFiles'
  | 'tellPeople';

export interface Reach extends Shared {
  readonly sources: SourceAccess;
  /** Ids of the member accounts. */
  readonly accounts: readonly string[];
}

/** Makes the grants for the stack that `scope` is in. */
export function grantsFor(scope: Construct, reach: Reach): Readonly<Record<Permission, Grant>> {
  return {
    sendCommands: sendCommands(scope),
    readInvocations: readInvocations(),
    askWhetherOnline: askWhetherOnline(),
    findHosts: findHosts(),
    assumeRunners: assumeRunners(scope, reach.accounts),
    completeTasks: completeTasks(),
    answerTasks: answerTasks(),
    describeExecutions: describeExecutions(scope),
    describeRollouts: describeRollouts(scope),
    startRollouts: startRollouts(scope),
    readSources: readSources(scope, reach.sources),
    knowWorkBucket: knowWorkBucket(reach),
    readWaveFiles: readWaveFiles(scope, reach),
    keepWaveFiles: keepWaveFiles(scope, reach),
    tellPeople: tellPeople(scope, reach),
  };
}
