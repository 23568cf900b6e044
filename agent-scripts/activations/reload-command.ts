import * as z from 'zod/mini';
import { describeCommand, findStartProblem, quoteArgv, runCommand, succeeded } from '../host/run-command.ts';
import { type Activator, filesOnly } from './activator.ts';

/** Runs a program, usually one that sends a signal. Most daemons reload this way. */
export const CommandActivation = z.strictObject({ kind: z.literal('command'), argv: z.array(z.string()) });
export type CommandActivation = z.infer<typeof CommandActivation>;

export const runReloadCommand: Activator<CommandActivation> = {
  async run({ argv }, { timeoutSeconds }) {
    const command = await runCommand(argv, timeoutSeconds);
    return { ok: succeeded(command), detail: describeCommand(command) };
  },
  manualCommand: ({ argv }) => quoteArgv(argv),
  readMemory: async ({ argv }) => filesOnly(findStartProblem(argv)),
};
