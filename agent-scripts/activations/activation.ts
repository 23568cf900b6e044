import * as z from 'zod/mini';
import type { ActivationContext, ActivationResult, Activator, MemoryReading } from './activator.ts';
import { caddyCertificates } from './caddy-certificates.ts';
import { CaddyCertificates } from './caddy-entries.ts';
import { ContainerSignalActivation, containerSignal } from './container-signal.ts';
import { EnvoySecretsActivation, envoySecrets } from './envoy-secrets.ts';
import { HaproxyRuntimeActivation, haproxyRuntime } from './haproxy-runtime.ts';
import { MonitoredCommandActivation, monitoredCommand } from './monitored-command.ts';
import { CommandActivation, runReloadCommand } from './reload-command.ts';
import { TomcatManagerActivation, tomcatManager } from './tomcat-manager.ts';

/**
 * How to make a daemon use the files that are installed. The same activation loads the new files, and after a restore
 * the previous ones. Journals and receipts contain it, so it contains no secret.
 */
export const Activation = z.discriminatedUnion('kind', [
  CommandActivation,
  MonitoredCommandActivation,
  HaproxyRuntimeActivation,
  CaddyCertificates,
  EnvoySecretsActivation,
  TomcatManagerActivation,
  ContainerSignalActivation,
]);
export type Activation = z.infer<typeof Activation>;
export type ActivationOf<Kind extends Activation['kind']> = Extract<Activation, { kind: Kind }>;

const activators: { readonly [Kind in Activation['kind']]: Activator<ActivationOf<Kind>> } = {
  command: runReloadCommand,
  monitoredCommand,
  haproxyRuntime,
  caddyCertificates,
  envoySecrets,
  tomcatManager,
  containerSignal,
};

function activatorOf(activation: Activation): Activator<Activation> {
  return activators[activation.kind] as Activator<Activation>;
}

/** Makes the daemon load the installed files, within a deadline of its own. Never throws. */
export function activate(activation: Activation, context: ActivationContext): Promise<ActivationResult> {
  return activatorOf(activation).run(activation, context);
}

/** What the daemon keeps in memory only. Null if the daemon uses nothing but files. Never throws. */
export async function readMemory(
  activation: Activation,
  context: ActivationContext,
): Promise<MemoryReading | null> {
  return (await activatorOf(activation).readMemory?.(activation, context)) ?? null;
}

/** The activation together with the state of the daemon before any file changes. Never throws. */
export async function withBaseline(activation: Activation, context: ActivationContext): Promise<Activation> {
  return (await activatorOf(activation).recordBaseline?.(activation, context)) ?? activation;
}

/** Whether the processes that accept connections stay the same. Otherwise new ones may replace them. */
export function keepsProcesses(activation: Activation): boolean {
  return activatorOf(activation).keepsProcesses ?? false;
}

/** The shell command with which an operator activates. */
export function manualActivation(activation: Activation): string {
  return activatorOf(activation).manualCommand(activation);
}

/** The activation by a command. Null if there is none. */
export function commandActivation(argv: readonly string[] | null): Activation | null {
  return argv === null ? null : { kind: 'command', argv: [...argv] };
}
