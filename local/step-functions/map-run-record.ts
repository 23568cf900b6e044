import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { appendLine, linesOf } from './json-lines.ts';
import type { ChildResult } from './map-results.ts';

interface Line {
  readonly index: number;
  readonly result: ChildResult;
}

/** The results of one Map Run, by the index of the item, kept as they come: a redrive by another process reads them. */
export interface MapRun {
  keep(index: number, result: ChildResult): void;
  succeeded(): Map<number, ChildResult>;
}

export function openMapRun(executions: string, id: string): MapRun {
  const folder = join(executions, 'map-runs');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const file = join(folder, `${id}.jsonl`);
  return {
    // a process that died in the middle of a line left it open
    keep: (index, result) => appendLine(file, { index, result } satisfies Line, { after: '\n' }),
    succeeded() {
      const lines = linesOf<Line>(readOrEmpty(file)).filter(({ result }) => result.Status === 'SUCCEEDED');
      return new Map(lines.map(({ index, result }) => [index, result]));
    },
  };
}

function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
