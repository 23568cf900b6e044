import { run } from '../../cli/program.ts';
import { plainColours } from '../../cli/terminal/terminal.ts';

/** Runs a command in this process; for commands that start no deployment. */
export async function captured(...args: string[]) {
  const [out, err]: [string[], string[]] = [[], []];
  const terminal = {
    out: (line: string) => void out.push(line),
    err: (line: string) => void err.push(line),
    interactive: false,
    width: 100,
    colours: plainColours,
  };
  const code = await run(args, terminal);
  return { code, out: out.join('\n'), err: err.join('\n') };
}
