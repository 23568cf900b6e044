import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { type MachineName, takenBy, type WalkEvent } from './branches.ts';
import { readTaken, recordingVariable } from './taken.ts';

/**
 * Holds what the coverage table claims of a scenario against what it has just done: it may do more (a real command may
 * be slow), never less.
 */
export function expectTaken(machine: MachineName, scenario: string, events: readonly WalkEvent[]): void {
  const taken = takenBy(machine, events);
  const folder = process.env[recordingVariable];
  if (folder !== undefined) {
    mkdirSync(folder, { recursive: true });
    const file = join(folder, `${encodeURIComponent(`${machine}:${scenario}`)}.json`);
    writeFileSync(file, JSON.stringify({ machine, scenario, taken }));
    return;
  }
  const claimed = readTaken()[machine][scenario];
  expect(claimed, `run node scripts/record-scenarios.ts: nothing is known of "${scenario}"`).toBeDefined();
  expect(taken).toEqual(expect.arrayContaining([...(claimed ?? [])]));
}
