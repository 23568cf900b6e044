import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { type MachineName, takenBy, type WalkEvent } from './branches.ts';
import { readTaken, recordingVariable } from './taken.ts';

/**
 * Expects that a scenario takes at least the states and entries that taken.json records for it. It may take more because
 * a real command may be slow.
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
  const recorded = readTaken()[machine][scenario];
  expect(
    recorded,
    `taken.json has no scenario "${scenario}". Run node scripts/record-scenarios.ts.`,
  ).toBeDefined();
  expect(taken).toEqual(expect.arrayContaining([...(recorded ?? [])]));
}
