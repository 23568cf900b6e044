/** The command's process: arguments in, exit code out. What it does is in `program.ts` and `commands/`. */

import { run } from './program.ts';
import { notPrintedExitCode } from './terminal/exit-codes.ts';
import { processTerminal } from './terminal/terminal.ts';

// Nobody may read what is said ("certferry history | head"), or a log's disk may be full: a deployment that has begun
// goes on all the same.
let unwritten: NodeJS.ErrnoException | null = null;
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') unwritten ??= error;
  });
}

const exitCode = await run(process.argv.slice(2), processTerminal());
process.exitCode = exitCode;
process.on('beforeExit', () => {
  if (unwritten === null || exitCode !== 0) return;
  process.exitCode = notPrintedExitCode;
  const { message } = unwritten;
  unwritten = null;
  process.stderr.write(`certferry: not everything could be printed: ${message}\n`);
});
