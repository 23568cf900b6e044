import { Command, CommanderError } from 'commander';
import { addDeploy, addHistory, addInspect, addRollback } from './define/deployment-commands.ts';
import * as help from './define/help.ts';
import { addApprove, addHalt, addRollout, addRollouts, addSweep } from './define/rollout-commands.ts';
import { addDoctor, addTargets } from './define/stack-commands.ts';
import { addCheck, addDemo, addProbe, addSchema } from './define/tool-commands.ts';
import { ownVersion } from './terminal/built-files.ts';
import { describeError, isExpected } from './terminal/errors.ts';
import { usageExitCode } from './terminal/exit-codes.ts';
import type { Terminal } from './terminal/terminal.ts';

/**
 * Runs the command with these arguments and returns the exit code. Never throws: an error is told on standard error,
 * or with `--json` as the one document on standard output.
 */
export async function run(argv: readonly string[], terminal: Terminal): Promise<number> {
  let exitCode = 0;
  const program = build(terminal, (code) => {
    exitCode = code;
  });
  try {
    await program.parseAsync([...argv], { from: 'user' });
    return exitCode;
  } catch (error) {
    return failed(error, argv.includes('--json'), terminal);
  }
}

function failed(error: unknown, json: boolean, { out, err, colours }: Terminal): number {
  // commander has printed help or its complaint already
  if (error instanceof CommanderError && error.exitCode === 0) return 0;
  const isUsage = error instanceof CommanderError;
  const { name, message } = isUsage
    ? { name: 'UsageError', message: error.message.replace(/^error: /, '') }
    : describeError(error);
  if (json) out(JSON.stringify({ error: { name, message } }));
  else if (!isUsage) err(colours.red(name === 'UsageError' ? message : `${name}: ${message}`));
  if (!isUsage && !isExpected(error) && error instanceof Error) err(colours.dim(error.stack ?? ''));
  return usageExitCode;
}

function build(terminal: Terminal, finish: (exitCode: number) => void): Command {
  const program = new Command('certferry')
    .description(help.about)
    // of the program alone: rollout has an option of that name
    .enablePositionalOptions()
    .version(ownVersion(), '--version', 'print the version')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => terminal.out(text.trimEnd()),
      writeErr: (text) => terminal.err(text.trimEnd()),
    })
    .showSuggestionAfterError()
    // commander's own shows the general help for a command that there is not
    .helpCommand(false)
    .addHelpText('after', help.program);
  for (const add of [
    addDeploy,
    addRollback,
    addRollout,
    addRollouts,
    addHalt,
    addApprove,
    addSweep,
    addTargets,
    addDoctor,
    addHistory,
    addInspect,
    addCheck,
    addProbe,
    addSchema,
    addDemo,
  ]) {
    add(program, { terminal, finish });
  }
  return addHelp(program);
}

/** `certferry help`. */
function addHelp(program: Command): Command {
  program
    .command('help')
    .summary('display help for command')
    .argument('[command]', 'the command')
    .allowExcessArguments()
    .action(async (name?: string) => {
      const command = program.commands.find((one) => one.name() === name);
      if (name === undefined || command !== undefined) (command ?? program).outputHelp();
      // whoever asks about a command that there is not is told what is told to whoever calls it
      else await program.parseAsync([name], { from: 'user' });
    });
  return program;
}
