/** The command's process: arguments in, exit code out. What it does is in `program.ts` and `commands/`. */
import { run } from './program.ts';
import { processTerminal } from './terminal.ts';

// "certferry history | head" is no failure
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
});

process.exitCode = await run(process.argv.slice(2), processTerminal());
