import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod/mini';
import { quoteArgv, redact } from '../host/run-command.ts';
import type { ActivationResult, Activator, MemoryReading } from './activator.ts';
import { readInstalledPem, showsCertificate, showsChainOf, showsLeafOf } from './haproxy-memory.ts';
import { haproxySocket, type SendCommand } from './haproxy-socket.ts';

/**
 * Gives a running haproxy the certificate, chain and key that are in its files now, under the name by which it knows
 * them, through the transaction of its Runtime API: no reload, no new process, no connection is lost. `keyPath` is null
 * where the key is in `pemPath` too.
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
 * haproxy has one transaction for all certificates together. Somebody else who is using it is waited for this long; it
 * may be somebody who left it open for ever.
 */
const patienceMilliseconds = 5_000;
const pollMilliseconds = 50;

/** Seconds for the last words to a haproxy that has not taken something, after the deadline of the attempt. */
const lastWordsSeconds = 2;

/** How many of the names that haproxy knows are told to somebody who named another. */
const mostNames = 10;

/** Brings haproxy's memory in line with its files; nothing of ours is left open in haproxy. */
export const haproxyRuntime: Activator<HaproxyRuntimeActivation> = {
  keepsProcesses: true,
  run,
  byHand,
  holds,
};

async function run(activation: HaproxyRuntimeActivation, timeoutSeconds: number): Promise<ActivationResult> {
  const { socket, name } = activation;
  try {
    const ask = haproxySocket(socket, AbortSignal.timeout(timeoutSeconds * 1_000));
    await bringInLine(ask, activation);
    return { ok: true, told: `haproxy has ${name} in memory` };
  } catch (error) {
    const ask = haproxySocket(socket, AbortSignal.timeout(lastWordsSeconds * 1_000));
    await abort(ask, name).catch(() => null);
    if (await isInLine(ask, activation)) return { ok: true, told: `haproxy has had ${name} all along` };
    return { ok: false, told: `haproxy did not take ${name}: ${(error as Error).message}` };
  }
}

/** What a person types: the same commands, by way of socat(1). */
function byHand({ socket, name, pemPath, keyPath }: HaproxyRuntimeActivation): string {
  const to = `socat -t60 - ${quoteArgv([`UNIX-CONNECT:${socket}`])}`;
  const files = quoteArgv(keyPath === null ? [pemPath] : [pemPath, keyPath]);
  const payload = `{ echo ${quoteArgv([`set ssl cert ${name} <<`])}; sed '/^$/d' ${files}; echo; }`;
  return `${payload} | ${to} && echo ${quoteArgv([`commit ssl cert ${name}`])} | ${to}`;
}

/** It reads files when it starts, so there is nothing to keep; but it can be found out early that it cannot be told. */
async function holds(
  { socket, name }: HaproxyRuntimeActivation,
  timeoutSeconds: number,
): Promise<MemoryReading> {
  const ask = haproxySocket(socket, AbortSignal.timeout(timeoutSeconds * 1_000));
  const cannot = (why: string): MemoryReading => ({
    ok: false,
    why: `haproxy cannot take ${name}: ${why}`,
    retry: 'never',
  });
  try {
    const level = await ask('show cli level');
    if (level !== 'admin')
      return cannot(`the socket ${socket} has \`level ${level}\` and needs \`level admin\``);
    if (showsCertificate(await ask(`show ssl cert ${name}`))) return { ok: true, texts: new Map() };
    return cannot(await unknownName(ask));
  } catch (error) {
    return { ok: false, why: (error as Error).message, retry: 'later' };
  }
}

async function bringInLine(
  ask: SendCommand,
  { name, pemPath, keyPath }: HaproxyRuntimeActivation,
): Promise<void> {
  const pem = readInstalledPem(pemPath, keyPath);
  if (pem === null) {
    // a first deployment that was undone: all is well unless haproxy had a certificate whose file was gone before
    if (!showsCertificate(await ask(`show ssl cert ${name}`))) return;
    throw new Error(`there is no ${pemPath} any more, and it still holds a certificate of that name`);
  }
  const giveUp = Date.now() + patienceMilliseconds;
  for (;;) {
    const disturbance = await attempt(ask, name, pem);
    if (disturbance === null) return;
    if (Date.now() > giveUp) throw new Error(disturbance);
    // not in step with another agent that waits for us
    await sleep(pollMilliseconds * (1 + Math.random()));
  }
}

/**
 * One transaction, from its beginning to a look at what came of it. Gives what somebody else did to it meanwhile, after
 * which it may be tried again; null when the certificate is in. What a run that died left open is aborted first.
 */
async function attempt(ask: SendCommand, name: string, pem: string): Promise<string | null> {
  const other = await abort(ask, name);
  if (other !== null)
    return `somebody has left a transaction about ${other} open; try \`abort ssl cert ${other}\``;
  const staged = await ask(`set ssl cert ${name} <<\n${pem}`).catch((error: Error) => {
    throw new Error(`${error.message}; ${roomFor(pem)}`);
  });
  const about = /^Transaction (?:created|updated) for certificate (.+)!$/m.exec(staged)?.[1];
  if (about === undefined) throw new Error(await refusal(ask, staged, pem));
  if (about !== name) {
    // 2.6 puts a payload into whatever transaction is open; its owner would commit our key under another name
    await ask(`abort ssl cert ${about}`);
    return `somebody else began a transaction about ${about} at the same time`;
  }
  const committed = await ask(`commit ssl cert ${name}`);
  if (committed.startsWith('No ongoing transaction')) return 'somebody else ended the transaction';
  if (!committed.includes('Success!')) throw new Error(redact(committed) || 'it hung up on the commit');
  const shown = await ask(`show ssl cert ${name}`);
  return showsLeafOf(pem, shown) ? null : 'it has another certificate in memory after the commit';
}

/**
 * Ends an open transaction about `name`. Gives the name of the certificate that an open transaction is about instead;
 * null when none is open now.
 */
async function abort(ask: SendCommand, name: string): Promise<string | null> {
  const answer = await ask(`abort ssl cert ${name}`);
  if (/^(No ongoing transaction|Transaction aborted)/.test(answer)) return null;
  const other = /ongoing transaction is about '(.+?)'/.exec(answer)?.[1];
  if (other !== undefined) return other;
  throw new Error(redact(answer) || 'it hung up');
}

/** Whether memory and files agree although no transaction was to be had: what is undone may never have come in. */
async function isInLine(
  ask: SendCommand,
  { name, pemPath, keyPath }: HaproxyRuntimeActivation,
): Promise<boolean> {
  try {
    const pem = readInstalledPem(pemPath, keyPath);
    const shown = await ask(`show ssl cert ${name}`);
    return pem !== null && showsLeafOf(pem, shown) && showsChainOf(pem, shown);
  } catch {
    return false;
  }
}

async function refusal(ask: SendCommand, answer: string, pem: string): Promise<string> {
  if (answer === '') {
    return `it hung up; ${roomFor(pem)}`;
  }
  return answer.includes('not referenced by the configuration') ? unknownName(ask) : redact(answer);
}

function roomFor(pem: string): string {
  return `the ${Buffer.byteLength(pem)} bytes of PEM have to fit into its tune.bufsize`;
}

async function unknownName(ask: SendCommand): Promise<string> {
  const names = (await ask('show ssl cert')).split('\n').filter((line) => /^[^#*\s]/.test(line));
  const known = names.slice(0, mostNames).join(', ') + (names.length > mostNames ? ', …' : '');
  return `it has loaded no certificate of that name (see crtName, or deploy with mode: reload first); it has: ${known}`;
}
