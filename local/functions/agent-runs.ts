// Runs of the agent in this process, for targets with `host: lambda`. A file for each shows a later process which runs ended
// with the process that performed them.
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { systemClock } from '../../core/clock.ts';
import { createAgentHomes } from '../../services/agent-home/agent-records.ts';
import { abandonRun } from '../../services/agent-runs/abandon-run.ts';
import { createAgentRuns } from '../../services/agent-runs/agent-runs.ts';
import { identify, isAlive, type ProcessIdentity } from '../base/process-identity.ts';
import { tableNames } from '../dynamodb/stack-tables.ts';

/** The folder name of the function that runs the agent. */
export const runAgent = 'run-agent';

interface RunsOptions {
  /** The folder with one file for each run. */
  readonly folder: string;
  readonly documents: () => DynamoDBDocumentClient;
  readonly invoke: (functionName: string, payload: unknown) => Promise<unknown>;
  readonly onFault: (error: unknown) => void;
}

export interface LocalRuns {
  /** Starts a run and does not wait for it. If the thread of the functions dies, the run is recorded as ended. */
  start(functionName: string, payload: unknown): void;
  /** Records the end of the runs whose process has ended, so that the next run of their targets need not wait. */
  endAbandoned(): Promise<void>;
}

export function openRuns({ folder, documents, invoke, onFault }: RunsOptions): LocalRuns {
  const fileOf = (runId: string) => join(folder, `${runId}.json`);
  const abandon = async (runId: string) => {
    await abandonRun(servicesOn(documents()), runId);
    rmSync(fileOf(runId), { force: true });
  };
  const run = async (functionName: string, payload: unknown) => {
    const { runId } = payload as { readonly runId: string };
    writeFileSync(fileOf(runId), JSON.stringify(identify(process.pid)), { mode: 0o600 });
    try {
      await invoke(functionName, payload);
      rmSync(fileOf(runId), { force: true });
    } catch (error) {
      onFault(error);
      await abandon(runId);
    }
  };
  return {
    start: (functionName, payload) => void run(functionName, payload).catch(onFault),
    async endAbandoned() {
      for (const name of readdirSync(folder).filter((one) => one.endsWith('.json'))) {
        if (!isAlive(readOwner(join(folder, name)))) await abandon(name.slice(0, -'.json'.length));
      }
    },
  };
}

/** A file that its process has not written completely has a dead owner: nothing else stops between. */
function readOwner(path: string): ProcessIdentity {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as ProcessIdentity;
  } catch {
    return { pid: 0, startedAt: '', boot: '' };
  }
}

function servicesOn(documents: DynamoDBDocumentClient) {
  const access = { documents, clock: systemClock, sleep: async () => undefined };
  return {
    runs: createAgentRuns(access, tableNames.locks),
    homes: createAgentHomes({ ...access, table: tableNames.registry }),
  };
}
