import pc from 'picocolors';

export type Colours = ReturnType<typeof pc.createColors>;

/** The output of a command. Results go to `out`, errors and warnings to `err`; both append a line end. */
export interface Terminal {
  readonly out: (line: string) => void;
  readonly err: (line: string) => void;
  /** Whether standard output is a screen whose lines can be redrawn. */
  readonly interactive: boolean;
  /** The maximum number of columns of a line. */
  readonly width: number;
  readonly colours: Colours;
}

/** Columns for a file or a pipe. */
const defaultWidth = 110;

/** The terminal of this process. */
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

/** NO_COLOR (https://no-color.org) has precedence if it is not empty; FORCE_COLOR enables colours on a pipe. */
export function wantsColours(
  environment: Readonly<Record<string, string | undefined>>,
  interactive: boolean,
): boolean {
  if (environment.NO_COLOR) return false;
  return interactive || Boolean(environment.FORCE_COLOR);
}

/** No colours, for tests and documents. */
export const plainColours: Colours = pc.createColors(false);
