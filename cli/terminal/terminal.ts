import pc from 'picocolors';

export type Colours = ReturnType<typeof pc.createColors>;

/** Where a command writes. Results go to `out`, complaints to `err`; both end the line. */
export interface Terminal {
  readonly out: (line: string) => void;
  readonly err: (line: string) => void;
  /** Whether standard output is a screen that can be drawn over. */
  readonly interactive: boolean;
  /** Columns a line may have. */
  readonly width: number;
  readonly colours: Colours;
}

/** Lines written to a file or a pipe are folded for a screen of usual width. */
const defaultWidth = 110;

/** This process's own terminal. */
export function processTerminal(): Terminal {
  const interactive = process.stdout.isTTY === true && process.env.TERM !== 'dumb';
  return {
    out: (line) => process.stdout.write(`${line}\n`),
    err: (line) => process.stderr.write(`${line}\n`),
    interactive,
    width: process.stdout.columns || defaultWidth,
    colours: pc.createColors(wantsColours(process.env, interactive)),
  };
}

/** NO_COLOR (https://no-color.org) wins when it is not empty; FORCE_COLOR brings colours to a pipe. */
export function wantsColours(
  environment: Readonly<Record<string, string | undefined>>,
  interactive: boolean,
): boolean {
  if (environment.NO_COLOR) return false;
  return interactive || Boolean(environment.FORCE_COLOR);
}

/** For tests and for documents: no colours. */
export const plainColours: Colours = pc.createColors(false);
