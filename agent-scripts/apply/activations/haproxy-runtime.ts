import { X509Certificate } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod/mini';
import { quoteArgv, redact } from '../run-command.ts';
import { type AskHaproxy, haproxyAt } from './haproxy-socket.ts';

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
 * haproxy has one transaction for all certificates together. Somebody else's, about another certificate, is waited for
 * this long; it may be somebody who left it open for ever.
 */
const patienceMilliseconds = 5_000;
const pollMilliseconds = 50;

/** Seconds for the last word to a haproxy that has not answered in time. */
const abortSeconds = 2;

/** Brings haproxy's memory in line with the files. Never throws; nothing is left open in haproxy. */
export async function haproxyRuntime(
  activation: HaproxyRuntimeActivation,
  timeoutSeconds: number,
): Promise<{ ok: boolean; told: string }> {
  const { socket, name } = activation;
  const ask = haproxyAt(socket, AbortSignal.timeout(timeoutSeconds * 1_000));
  try {
    return { ok: true, told: await bringInLine(ask, activation) };
  } catch (error) {
    await abort(haproxyAt(socket, AbortSignal.timeout(abortSeconds * 1_000)), name).catch(() => null);
    return { ok: false, told: redact(`haproxy did not take ${name}: ${(error as Error).message}`) };
  }
}

/** What a person types: the same commands, by way of socat(1). */
export function haproxyRuntimeByHand({ socket, name, pemPath, keyPath }: HaproxyRuntimeActivation): string {
  const to = `socat - ${quoteArgv([`UNIX-CONNECT:${socket}`])}`;
  const files = quoteArgv(keyPath === null ? [pemPath] : [pemPath, keyPath]);
  const payload = `{ echo ${quoteArgv([`set ssl cert ${name} <<`])}; sed '/^$/d' ${files}; echo; }`;
  return `${payload} | ${to} && echo ${quoteArgv([`commit ssl cert ${name}`])} | ${to}`;
}

async function bringInLine(ask: AskHaproxy, activation: HaproxyRuntimeActivation): Promise<string> {
  const { name } = activation;
  const pem = pemInPlace(activation);
  if (pem === null) return expectNothingInMemory(ask, activation);
  await stageInMemory(ask, name, pem);
  const committed = await ask(`commit ssl cert ${name}`);
  if (!committed.includes('Success!')) throw new Error(committed || 'no answer to the commit');
  const { fingerprint, serialNumber } = new X509Certificate(pem);
  const shown = await ask(`show ssl cert ${name}`);
  if (shownFingerprint(shown) !== fingerprint.replaceAll(':', '')) {
    throw new Error(`it has another certificate in memory after the commit: somebody else is changing it`);
  }
  return `haproxy has serial ${serialNumber} as ${name}`;
}

/** A first deployment that was undone: there is no file, so haproxy must not hold a certificate of that name either. */
async function expectNothingInMemory(ask: AskHaproxy, { name, pemPath }: HaproxyRuntimeActivation) {
  const shown = await ask(`show ssl cert ${name}`);
  if (shownFingerprint(shown) === null) return `haproxy has no ${name}, as there is no ${pemPath}`;
  throw new Error(`there is no ${pemPath} any more, and it still holds a certificate of that name`);
}

/**
 * Opens the transaction with our payload in it. What a run that died left open is aborted first. Debian's 2.6 puts a
 * payload into whatever transaction is open, also one about another certificate, and says so in its answer; that one is
 * aborted, or its owner would commit our key under another name.
 */
async function stageInMemory(ask: AskHaproxy, name: string, pem: string): Promise<void> {
  const giveUp = Date.now() + patienceMilliseconds;
  for (;;) {
    const other = await abort(ask, name);
    if (other === null) {
      const answer = await ask(`set ssl cert ${name} <<\n${pem}`);
      const about = /^Transaction (?:created|updated) for certificate (.+)!$/m.exec(answer)?.[1];
      if (about === name) return;
      if (about === undefined) throw new Error(await refusal(ask, answer, pem));
      await ask(`abort ssl cert ${about}`);
    } else if (Date.now() > giveUp) {
      throw new Error(`somebody has left a transaction about ${other} open; try \`abort ssl cert ${other}\``);
    }
    await sleep(pollMilliseconds);
  }
}

/**
 * Ends an open transaction about `name`. Gives the name of the certificate that an open transaction is about instead;
 * null when none is open now.
 */
async function abort(ask: AskHaproxy, name: string): Promise<string | null> {
  const answer = await ask(`abort ssl cert ${name}`);
  if (/^(No ongoing transaction|Transaction aborted)/.test(answer)) return null;
  const other = /ongoing transaction is about '(.+?)'/.exec(answer)?.[1];
  if (other !== undefined) return other;
  if (!answer.includes('Permission denied')) throw new Error(answer || 'no answer');
  throw new Error('it says "Permission denied"; the `stats socket` needs `level admin`');
}

/** How many of the names that haproxy knows are told to somebody who named another. */
const mostNames = 10;

async function refusal(ask: AskHaproxy, answer: string, pem: string): Promise<string> {
  if (answer === '') {
    return `it hung up on ${Buffer.byteLength(pem)} bytes of PEM: they have to fit into its tune.bufsize`;
  }
  if (!answer.includes('not referenced by the configuration')) return answer;
  const names = (await ask('show ssl cert')).split('\n').filter((line) => /^[^#*\s]/.test(line));
  const known = names.slice(0, mostNames).join(', ') + (names.length > mostNames ? ', …' : '');
  return `it has loaded no certificate of that name (see crtName, or deploy with mode: reload first); it has: ${known}`;
}

/** SHA-1, which is what haproxy shows; null when it shows no certificate. */
function shownFingerprint(shown: string): string | null {
  return /^SHA1 FingerPrint: ([0-9A-F]+)$/m.exec(shown)?.[1] ?? null;
}

/** PEM blocks of the files now in place, one behind the other. A payload ends at its first empty line, so none is left. */
function pemInPlace({ pemPath, keyPath }: HaproxyRuntimeActivation): string | null {
  if (!existsSync(pemPath)) return null;
  const text = [pemPath, ...(keyPath === null ? [] : [keyPath])].map((path) => readFileSync(path, 'utf8'));
  const blocks = text.join('\n').match(/-----BEGIN ([A-Z0-9 ]+)-----[\s\S]*?-----END \1-----/g) ?? [];
  return `${blocks.join('\n').replaceAll(/\r?\n\s*/g, '\n')}\n`;
}
