import { readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { StateFolder } from './state-folder.ts';

const dayMilliseconds = 86_400_000;

/** Days that AWS keeps the like: commands in SSM's history, executions in Step Functions' (after their end). */
const commandDays = 30;
const executionDays = 90;

/** Removes the records of what ended long ago. Two processes doing it at once do no harm. `now` is epoch milliseconds. */
export function forgetOldRecords({ commands, executions }: StateFolder, now: number): void {
  removeOlder(commands, now - commandDays * dayMilliseconds);
  removeOlder(executions, now - executionDays * dayMilliseconds, '.jsonl');
}

function removeOlder(folder: string, limit: number, suffix = ''): void {
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    const changedAt = statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? limit;
    if (name.endsWith(suffix) && changedAt < limit) rmSync(path, { recursive: true, force: true });
  }
}
