import { appendFileSync } from 'node:fs';

/** Appends one line. `after` stands before it: a line break closes a line that a death may have left open. */
export function appendLine(path: string, line: object, { after = '' } = {}): void {
  appendFileSync(path, `${after}${JSON.stringify(line)}\n`, { mode: 0o600 });
}

/** The lines that can be read; others were torn by a death. */
export function linesOf<Line>(text: string): Line[] {
  return text.split('\n').flatMap((line): Line[] => {
    if (line === '') return [];
    try {
      return [JSON.parse(line) as Line];
    } catch {
      return [];
    }
  });
}
