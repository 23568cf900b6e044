import { existsSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { StateFolder } from '../base/state-folder.ts';
import { workBucket } from './function-environment.ts';

const dayMilliseconds = 86_400_000;

/** Days that AWS keeps the like: commands in SSM's history, executions in Step Functions' (after their end). */
const commandDays = 30;
const executionDays = 90;

/** Removes the records of what ended long ago. Two processes doing it at once do no harm. `now` is epoch milliseconds. */
export function forgetOldRecords({ commands, executions, objects }: StateFolder, now: number): void {
  removeOlder(commands, now - commandDays * dayMilliseconds);
  for (const folder of [executions, join(executions, 'children'), join(executions, 'map-runs')]) {
    removeOlder(folder, now - executionDays * dayMilliseconds, '.jsonl');
  }
  // a rollout's files are of use for as long as its execution can be redriven
  removeOlder(join(objects, workBucket, 'rollouts'), now - executionDays * dayMilliseconds);
}

function removeOlder(folder: string, limit: number, suffix = ''): void {
  if (!existsSync(folder)) return;
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    const changedAt = statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? limit;
    if (name.endsWith(suffix) && changedAt < limit) rmSync(path, { recursive: true, force: true });
  }
}
