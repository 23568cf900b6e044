import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod/mini';
import { presentableOutput } from '../host/presentable-output.ts';
import { quoteArgv } from '../host/run-command.ts';
import type { ActivationContext, ActivationResult, Activator, MemoryReading } from './activator.ts';
import { readInstalledPem, showsCertificate, showsChainOf, showsLeafOf } from './haproxy-memory.ts';
import { haproxySocket, type SendCommand } from './haproxy-socket.ts';

/**
 * Loads certificate, chain and key from the installed files into a running haproxy with a transaction of its Runtime API:
 * no reload, no new process, no lost connection. `name` is the certificate's name in haproxy. `keyPath` is null if
 * `pemPath` also contains the key.
 */
export const HaproxyRuntimeActivation = z.strictObject({
  kind: z.literal('haproxyRuntime'),
  socket: z.string(),
  name: z.string(),
  pemPath: z.string(),
  keyPath: z.nullable(z.string()),
});
export type HaproxyRuntimeActivation = z.infer<typeof HaproxyRuntimeActivation>;

/**
 * haproxy has a single transaction for all certificates. This is the maximum wait for another client's transaction, which
 * that client may never close.
 */
const transactionWaitMilliseconds = 5_000;
const pollMilliseconds = 50;

/** Deadline for cleaning up after a failed attempt, in addition to the deadline of the attempt. */
const cleanUpSeconds = 2;

/** Maximum number of haproxy's certificate names in a message about an unknown name. */
const maximumNames = 10;

/** Makes haproxy's memory match its files. Leaves no transaction open. */
export const haproxyRuntime: Activator<HaproxyRuntimeActivation> = {
  keepsProcesses: true,
  run,
  manualCommand,
  readMemory,
};

async function run(
  activation: HaproxyRuntimeActivation,
  { timeoutSeconds, readFile }: ActivationContext,
): Promise<ActivationResult> {
  const { socket, name } = activation;
  try {
    const send = haproxySocket(socket, AbortSignal.timeout(timeoutSeconds * 1_000));
    await loadFiles(send, activation, readFile);
    return { ok: true, detail: `haproxy has loaded ${name}` };
  } catch (error) {
    const send = haproxySocket(socket, AbortSignal.timeout(cleanUpSeconds * 1_000));
    await abort(send, name).catch(() => null);
    if (await memoryMatchesFiles(send, activation, readFile)) {
      return { ok: true, detail: `haproxy already uses the installed ${name}` };
    }
    return { ok: false, detail: `haproxy did not load ${name}: ${(error as Error).message}` };
  }
}

/** The same commands with socat(1). */
function manualCommand({ socket, name, pemPath, keyPath }: HaproxyRuntimeActivation): string {
  const socat = `socat -t60 - ${quoteArgv([`UNIX-CONNECT:${socket}`])}`;
  const files = quoteArgv(keyPath === null ? [pemPath] : [pemPath, keyPath]);
  const payload = `{ echo ${quoteArgv([`set ssl cert ${name} <<`])}; sed '/^$/d' ${files}; echo; }`;
  return `${payload} | ${socat} && echo ${quoteArgv([`commit ssl cert ${name}`])} | ${socat}`;
}

/** haproxy reads its files when it starts, so there is nothing to keep. Detects a socket or name that would fail. */
async function readMemory(
  { socket, name }: HaproxyRuntimeActivation,
  { timeoutSeconds }: ActivationContext,
): Promise<MemoryReading> {
  const send = haproxySocket(socket, AbortSignal.timeout(timeoutSeconds * 1_000));
  const unusable = (why: string): MemoryReading => ({
    ok: false,
    why: `haproxy cannot load ${name}: ${why}`,
    retry: 'never',
  });
  try {
    const level = await send('show cli level');
    if (level !== 'admin')
      return unusable(`the socket ${socket} has \`level ${level}\` and needs \`level admin\``);
    if (showsCertificate(await send(`show ssl cert ${name}`))) return { ok: true, texts: new Map() };
    return unusable(await unknownName(send));
  } catch (error) {
    return { ok: false, why: (error as Error).message, retry: 'later' };
  }
}

async function loadFiles(
  send: SendCommand,
  { name, pemPath, keyPath }: HaproxyRuntimeActivation,
  readFile: ActivationContext['readFile'],
): Promise<void> {
  const pem = readInstalledPem({ pemPath, keyPath }, readFile);
  if (pem === null) {
    // after the rollback of a first deployment there is no file, and haproxy should have no certificate either
    if (!showsCertificate(await send(`show ssl cert ${name}`))) return;
    throw new Error(`${pemPath} does not exist, but haproxy has a certificate of that name in memory`);
  }
  const deadline = Date.now() + transactionWaitMilliseconds;
  for (;;) {
    const interference = await attemptTransaction(send, name, pem);
    if (interference === null) return;
    if (Date.now() > deadline) throw new Error(interference);
    // random, so that two agents do not retry at the same moments
    await sleep(pollMilliseconds * (1 + Math.random()));
  }
}

/**
 * One transaction, including the check of its result. First aborts a transaction that an interrupted run left open.
 * Null if the certificate is loaded; otherwise how another client interfered, after which a retry makes sense.
 */
async function attemptTransaction(send: SendCommand, name: string, pem: string): Promise<string | null> {
  const other = await abort(send, name);
  if (other !== null) {
    return `another client has left a transaction for ${other} open; run \`abort ssl cert ${other}\``;
  }
  const staged = await send(`set ssl cert ${name} <<\n${pem}`).catch((error: Error) => {
    throw new Error(`${error.message}; ${bufferHint(pem)}`);
  });
  const subject = /^Transaction (?:created|updated) for certificate (.+)!$/m.exec(staged)?.[1];
  if (othersTransaction.test(staged)) return 'another client started a transaction at the same time';
  if (subject === undefined) throw new Error(await refusal(send, staged, pem));
  if (subject !== name) {
    // haproxy 2.6 adds a payload to any open transaction; its owner would commit this key under another name
    await send(`abort ssl cert ${subject}`);
    return `another client started a transaction for ${subject} at the same time`;
  }
  const committed = await send(`commit ssl cert ${name}`);
  if (committed.startsWith('No ongoing transaction') || othersTransaction.test(committed)) {
    return 'another client ended the transaction';
  }
  if (!committed.includes('Success!')) {
    throw new Error(presentableOutput(committed, 'start') || 'haproxy closed the connection at the commit');
  }
  const shown = await send(`show ssl cert ${name}`);
  return showsLeafOf(pem, shown) ? null : 'haproxy has another certificate in memory after the commit';
}

/** The answer of haproxy while the transaction of another client is open. */
const othersTransaction = /ongoing transaction is about '(.+?)'/;

/** Aborts a transaction for `name`. Returns the certificate that an open transaction is for, null if none is open. */
async function abort(send: SendCommand, name: string): Promise<string | null> {
  const output = await send(`abort ssl cert ${name}`);
  if (/^(No ongoing transaction|Transaction aborted)/.test(output)) return null;
  const other = othersTransaction.exec(output)?.[1];
  if (other !== undefined) return other;
  throw new Error(presentableOutput(output, 'start') || 'haproxy closed the connection');
}

/** Whether memory and files match although no transaction was possible, e.g. before the first successful one. */
async function memoryMatchesFiles(
  send: SendCommand,
  { name, pemPath, keyPath }: HaproxyRuntimeActivation,
  readFile: ActivationContext['readFile'],
): Promise<boolean> {
  try {
    const pem = readInstalledPem({ pemPath, keyPath }, readFile);
    const shown = await send(`show ssl cert ${name}`);
    return pem !== null && showsLeafOf(pem, shown) && showsChainOf(pem, shown);
  } catch {
    return false;
  }
}

async function refusal(send: SendCommand, output: string, pem: string): Promise<string> {
  if (output === '') return `haproxy closed the connection; ${bufferHint(pem)}`;
  return output.includes('not referenced by the configuration')
    ? unknownName(send)
    : presentableOutput(output, 'start');
}

function bufferHint(pem: string): string {
  return `check that the ${Buffer.byteLength(pem)} bytes of PEM fit into haproxy's tune.bufsize`;
}

async function unknownName(send: SendCommand): Promise<string> {
  const names = (await send('show ssl cert')).split('\n').filter((line) => /^[^#*\s]/.test(line));
  const loaded = names.slice(0, maximumNames).join(', ') + (names.length > maximumNames ? ', …' : '');
  return `haproxy has loaded no certificate of that name (see crtName, or deploy with mode: reload first); loaded: ${loaded}`;
}
