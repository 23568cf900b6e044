import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { appendLine, linesOf } from './json-lines.ts';
import type { ChildResult } from './map-results.ts';

type Line =
  | { readonly index: number; readonly begun: string }
  | { readonly index: number; readonly result: ChildResult };

/** One item of a Map Run: the names of its executions in the order they began, and those of their results that are known. */
export interface MapRunItem {
  readonly begun: readonly string[];
  readonly results: readonly ChildResult[];
}

/** The executions and results of each item of a Map Run, written as they come: a redrive by another process reads them. */
export interface MapRun {
  begin(index: number, name: string): void;
  keep(index: number, result: ChildResult): void;
  soFar(index: number): MapRunItem;
}

export function openMapRun(executions: string, id: string): MapRun {
  const folder = join(executions, 'map-runs');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const file = join(folder, `${id}.jsonl`);
  // a process that died in the middle of a line left it open
  const append = (line: Line) => appendLine(file, line, { after: '\n' });
  const before = Map.groupBy(linesOf<Line>(readOrEmpty(file)), ({ index }) => index);
  return {
    begin: (index, begun) => append({ index, begun }),
    keep: (index, result) => append({ index, result }),
    soFar(index) {
      const lines = before.get(index) ?? [];
      return {
        begun: lines.flatMap((line) => ('begun' in line ? [line.begun] : [])),
        results: lines.flatMap((line) => ('result' in line ? [line.result] : [])),
      };
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
