/** The process of the command line: arguments in, exit code out. */
import { run } from './program.ts';
import { notPrintedExitCode } from './terminal/exit-codes.ts';
import { processTerminal } from './terminal/terminal.ts';

// The reader of a pipe may exit early ("certferry history | head"), or the disk of a log may be full. A running deployment
// continues in both cases; only a failed write that is not EPIPE changes the exit code.
let writeError: NodeJS.ErrnoException | null = null;
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') writeError ??= error;
  });
}

const exitCode = await run(process.argv.slice(2), processTerminal());
process.exitCode = exitCode;
process.on('beforeExit', () => {
  if (writeError === null || exitCode !== 0) return;
  process.exitCode = notPrintedExitCode;
  const { message } = writeError;
  writeError = null;
  process.stderr.write(`certferry: the output is incomplete: ${message}\n`);
});
