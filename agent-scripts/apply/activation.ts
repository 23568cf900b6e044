import * as z from 'zod/mini';
import type { Activated, Activator } from './activations/activator.ts';
import { describeCommand, quoteArgv, runCommand, succeeded } from './run-command.ts';

/** Runs a program: most daemons are told by a command or a signal. */
const CommandActivation = z.strictObject({ kind: z.literal('command'), argv: z.array(z.string()) });

/**
 * How a daemon is made to use the files that are in place now. It depends on nothing but itself and those files, so the
 * same activation brings the new files in, and the old ones back in after a restore. It is kept in the journal and the
 * receipt, so it holds no secret.
 */
export const Activation = z.discriminatedUnion('kind', [CommandActivation]);
export type Activation = z.infer<typeof Activation>;
export type ActivationOf<Kind extends Activation['kind']> = Extract<Activation, { kind: Kind }>;

const activators: { readonly [Kind in Activation['kind']]: Activator<ActivationOf<Kind>> } = {
  command: {
    async run({ argv }, timeoutSeconds) {
      const command = await runCommand(argv, timeoutSeconds);
      return { ok: succeeded(command), told: describeCommand(command) };
    },
    byHand: ({ argv }) => quoteArgv(argv),
  },
};

/** Activates, within a deadline of its own. Never throws: a daemon that cannot be told is an answer. */
export function activate(activation: Activation, timeoutSeconds: number): Promise<Activated> {
  return activators[activation.kind].run(activation, timeoutSeconds);
}

/** What a person types on the host to activate. */
export function activationByHand(activation: Activation): string {
  return activators[activation.kind].byHand(activation);
}

/** The activation of a target whose config may name a command; null when it has none. */
export function commandActivation(argv: readonly string[] | null): Activation | null {
  return argv === null ? null : { kind: 'command', argv: [...argv] };
}
