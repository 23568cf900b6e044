import * as z from 'zod/mini';
import { describeCommand, quoteArgv, runCommand, startProblemOf, succeeded } from '../host/run-command.ts';
import { type ActivationResult, type Activator, filesOnly, type MemoryReading } from './activator.ts';
import { caddyCertificates } from './caddy-certificates.ts';
import { CaddyCertificates } from './caddy-entries.ts';
import { EnvoySecretsActivation, envoySecrets } from './envoy-secrets.ts';
import { HaproxyRuntimeActivation, haproxyRuntime } from './haproxy-runtime.ts';
import { MonitoredCommandActivation, monitoredCommand } from './monitored-command.ts';

/** Runs a program: most daemons are told by a command or a signal. */
const CommandActivation = z.strictObject({ kind: z.literal('command'), argv: z.array(z.string()) });

/**
 * How a daemon is made to use the files that are in place now. It depends on nothing but itself and those files, so the
 * same activation brings the new files in, and the old ones back in after a restore. It is kept in the journal and the
 * receipt, so it holds no secret.
 */
export const Activation = z.discriminatedUnion('kind', [
  CommandActivation,
  CaddyCertificates,
  HaproxyRuntimeActivation,
  MonitoredCommandActivation,
  EnvoySecretsActivation,
]);
export type Activation = z.infer<typeof Activation>;
export type ActivationOf<Kind extends Activation['kind']> = Extract<Activation, { kind: Kind }>;

const activators: { readonly [Kind in Activation['kind']]: Activator<ActivationOf<Kind>> } = {
  command: {
    async run({ argv }, timeoutSeconds) {
      const command = await runCommand(argv, timeoutSeconds);
      return { ok: succeeded(command), told: describeCommand(command) };
    },
    byHand: ({ argv }) => quoteArgv(argv),
    holds: async ({ argv }) => filesOnly(startProblemOf(argv)),
  },
  caddyCertificates,
  haproxyRuntime,
  envoySecrets,
  monitoredCommand,
};

function activatorOf(activation: Activation): Activator<Activation> {
  return activators[activation.kind] as Activator<Activation>;
}

/** Activates, within a deadline of its own. Never throws: a daemon that cannot be told is an answer. */
export function activate(activation: Activation, timeoutSeconds: number): Promise<ActivationResult> {
  return activatorOf(activation).run(activation, timeoutSeconds);
}

/** What the daemon holds besides its files; null where files are all there is. Never throws. */
export async function memoryBehind(
  activation: Activation,
  timeoutSeconds: number,
): Promise<MemoryReading | null> {
  return (await activatorOf(activation).holds?.(activation, timeoutSeconds)) ?? null;
}

/** The same activation, knowing of the daemon what cannot be asked any more once the files are new. Never throws. */
export async function withBaseline(activation: Activation, timeoutSeconds: number): Promise<Activation> {
  return (await activatorOf(activation).note?.(activation, timeoutSeconds)) ?? activation;
}

/** Whether the processes that accept connections stay; otherwise new ones may take their place. */
export function keepsProcesses(activation: Activation): boolean {
  return activatorOf(activation).keepsProcesses ?? false;
}

/** What a person types on the host to activate. */
export function manualActivation(activation: Activation): string {
  return activatorOf(activation).byHand(activation);
}

/** The activation of a target whose config may name a command; null when it has none. */
export function commandActivation(argv: readonly string[] | null): Activation | null {
  return argv === null ? null : { kind: 'command', argv: [...argv] };
}
