import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod/mini';
import {
  type Container,
  inspectContainer,
  signalContainer,
  startContainer,
} from '../containers/container.ts';
import { engineSocket } from '../containers/engine-request.ts';
import { quoteArgv } from '../host/run-command.ts';
import type { ActivationContext, ActivationResult, Activator, MemoryReading } from './activator.ts';

/** Sends a signal to the main process of a container. `socket`: that of the engine, if it is not a usual one. */
export const ContainerSignalActivation = z.strictObject({
  kind: z.literal('containerSignal'),
  container: z.string(),
  signal: z.string(),
  socket: z.optional(z.string()),
});
export type ContainerSignalActivation = z.infer<typeof ContainerSignalActivation>;

/** A main process that cannot load its files exits shortly after the signal, as httpd does. */
const monitorMilliseconds = 1_000;
const pollMilliseconds = 100;

/**
 * A container that does not run is started: it ran before the deployment, and a signal with files that its daemon refuses
 * may have ended it.
 */
export const containerSignal: Activator<ContainerSignalActivation> = {
  async run(activation, context) {
    const container = containerIn(activation, context);
    try {
      const { isRunning, startedAt } = await inspectContainer(container);
      if (!isRunning) return await start(container);
      return await signal(container, activation.signal, startedAt);
    } catch (error) {
      // the first request only reads, so the daemon has got no signal
      return { ok: false, detail: (error as Error).message, keptPrevious: true };
    }
  },
  manualCommand: (activation) =>
    quoteArgv(engineCommand(activation, 'kill', '-s', activation.signal, activation.container)),
  async readMemory(activation, context): Promise<MemoryReading> {
    const { container: name } = activation;
    try {
      const { isRunning } = await inspectContainer(containerIn(activation, context));
      if (isRunning) return { ok: true, texts: new Map() };
      const command = quoteArgv(engineCommand(activation, 'start', name));
      return { ok: false, why: `container ${name} does not run (${command})`, retry: 'later' };
    } catch (error) {
      return { ok: false, why: (error as Error).message, retry: 'later' };
    }
  },
};

/** The container of an activation, with the deadline of the context. */
export function containerIn(
  { container: name, socket }: ContainerSignalActivation,
  { timeoutSeconds }: Pick<ActivationContext, 'timeoutSeconds'>,
): Container {
  return { socket: engineSocket(socket), name, deadline: AbortSignal.timeout(timeoutSeconds * 1_000) };
}

/** argv of the command line of the engine. */
export function engineCommand(
  { socket }: Pick<ContainerSignalActivation, 'socket'>,
  ...words: readonly string[]
): string[] {
  const url = `unix://${engineSocket(socket)}`;
  const isPodman = url.includes('podman');
  const address = socket === undefined ? [] : [isPodman ? '--url' : '-H', url];
  return [isPodman ? 'podman' : 'docker', ...address, ...words];
}

async function start(container: Container): Promise<ActivationResult> {
  try {
    await startContainer(container);
    return await stillRuns(container, null, `container ${container.name} did not run and was started`);
  } catch (error) {
    return { ok: false, detail: `container ${container.name} did not start: ${(error as Error).message}` };
  }
}

async function signal(container: Container, name: string, startedAt: string): Promise<ActivationResult> {
  const { name: id } = container;
  try {
    await signalContainer(container, name);
    return await stillRuns(container, startedAt, `container ${id} got SIG${name}`);
  } catch (error) {
    return { ok: false, detail: `container ${id} did not get SIG${name}: ${(error as Error).message}` };
  }
}

/** Monitors the container for a short time. `startedAt`: when it was started; null if that does not matter. */
async function stillRuns(
  container: Container,
  startedAt: string | null,
  done: string,
): Promise<ActivationResult> {
  const end = Date.now() + monitorMilliseconds;
  for (;;) {
    const state = await inspectContainer(container);
    if (!state.isRunning) return { ok: false, detail: `${done} and then stopped; see its log` };
    if (startedAt !== null && state.startedAt !== startedAt) {
      return { ok: true, detail: `${done}, which ended it, and the engine started it again` };
    }
    if (Date.now() > end) return { ok: true, detail: `${done} and still runs` };
    await sleep(pollMilliseconds);
  }
}
