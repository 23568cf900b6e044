import { Command, CommanderError } from 'commander';
import { addDeploy, addHistory, addInspect, addRollback } from './define/deployment-commands.ts';
import { addDiscover, addInit } from './define/discovery-commands.ts';
import { addCompletion, addMan } from './define/generated-commands.ts';
import * as help from './define/help.ts';
import { addHook } from './define/hook-commands.ts';
import {
  addApprove,
  addHalt,
  addRollout,
  addRollouts,
  addStatus,
  addSweep,
  addWarm,
} from './define/rollout-commands.ts';
import { addDoctor, addTargets } from './define/stack-commands.ts';
import { addCheck, addDemo, addProbe, addSchema } from './define/tool-commands.ts';
import { addVersionFlags } from './define/version-flags.ts';
import { formerStateHint } from './input/former-state.ts';
import { afterError } from './terminal/after-error.ts';
import { describeError, isExpected } from './terminal/errors.ts';
import { usageExitCode } from './terminal/exit-codes.ts';
import type { Terminal } from './terminal/terminal.ts';

/**
 * Runs a command and returns its exit code. Never throws: an error is printed on standard error, or with `--json` as the one
 * document on standard output.
 */
export async function run(argv: readonly string[], terminal: Terminal): Promise<number> {
  let exitCode = 0;
  const program = createProgram(terminal, (code) => {
    exitCode = code;
  });
  try {
    await program.parseAsync([...argv], { from: 'user' });
    return exitCode;
  } catch (error) {
    return failed(error, argv, terminal);
  }
}

function failed(error: unknown, argv: readonly string[], { out, err, colours }: Terminal): number {
  // help or version; they are printed already
  if (error instanceof CommanderError && error.exitCode === 0) return 0;
  const isUsage = error instanceof CommanderError;
  const { name, message } = isUsage
    ? { name: 'UsageError', message: error.message.replace(/^error: /, '') }
    : describeError(error);
  if (argv.includes('--json')) out(JSON.stringify({ error: { name, message } }));
  // commander has printed its own errors already
  else if (!isUsage) {
    err(colours.red(name === 'UsageError' ? message : `${name}: ${message}`));
    for (const line of afterError(error, argv[0])) err(line);
  }
  if (!isUsage && !isExpected(error) && error instanceof Error) err(colours.dim(error.stack ?? ''));
  return usageExitCode;
}

/** All commands with their options. `finish` receives the exit code of the command that ran. */
export function createProgram(terminal: Terminal, finish: (exitCode: number) => void): Command {
  const program = new Command('certferry')
    .description(help.about)
    // without it, the program's --version would take the one after a subcommand, and its value
    .enablePositionalOptions()
    .exitOverride()
    .configureOutput({
      writeOut: (text) => terminal.out(text.trimEnd()),
      writeErr: (text) => terminal.err(text.trimEnd()),
    })
    .showSuggestionAfterError()
    // commander's own command shows the general help for an unknown command
    .helpCommand(false)
    .addHelpText('after', help.program)
    .hook('preAction', async (_, command) => {
      const { applyConfig } = await import('./config/apply-config.ts');
      applyConfig(command);
      const hint = formerStateHint(command.opts());
      if (hint !== null) terminal.err(terminal.colours.yellow(hint));
    });
  for (const add of [
    addInit,
    addDiscover,
    addDeploy,
    addRollback,
    addRollout,
    addRollouts,
    addHalt,
    addApprove,
    addHook,
    addStatus,
    addSweep,
    addWarm,
    addTargets,
    addDoctor,
    addHistory,
    addInspect,
    addCheck,
    addProbe,
    addSchema,
    addDemo,
    addCompletion,
    addMan,
  ]) {
    add(program, { terminal, finish });
  }
  addHelp(program);
  addVersionFlags(program, terminal);
  return program;
}

/** `certferry help`. */
function addHelp(program: Command): void {
  program
    .command('help')
    .summary('show the help of a command')
    .argument('[command]', 'the command')
    .allowExcessArguments()
    .action(async (name?: string) => {
      const command = program.commands.find((one) => one.name() === name);
      if (name === undefined || command !== undefined) (command ?? program).outputHelp();
      // an unknown command gets the same error and suggestion as without "help"
      else await program.parseAsync([name], { from: 'user' });
    });
}
