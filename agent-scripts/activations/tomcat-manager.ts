import { readFileSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import * as z from 'zod/mini';
import { requireTrustedPath } from '../../core/paths/path-reader.ts';
import { TomcatManager } from '../../core/targets/kinds/javakeystore.ts';
import { rememberCredential } from '../host/known-keys.ts';
import { presentableOutput } from '../host/presentable-output.ts';
import { readAnswer } from '../host/read-answer.ts';
import { quoteArgv } from '../host/run-command.ts';
import type { Activator } from './activator.ts';

/**
 * Reloads the TLS configuration of Tomcat through the text interface of its manager
 * (https://tomcat.apache.org/tomcat-10.1-doc/manager-howto.html#Reload_TLS_configuration). The password is in a file on the
 * host, because an undo has no credentials: records contain its path only.
 */
export const TomcatManagerActivation = z.extend(TomcatManager, { kind: z.literal('tomcatManager') });
export type TomcatManagerActivation = z.infer<typeof TomcatManagerActivation>;

export const tomcatManager: Activator<TomcatManagerActivation> = {
  keepsProcesses: true,
  async run(activation, { timeoutSeconds }) {
    try {
      const answer = await request(activation, reloadPath(activation), timeoutSeconds);
      // Tomcat keeps its certificate if the new store cannot be loaded
      return { ok: answer.ok, detail: `sslReload: ${answer.text}`, keptPrevious: !answer.ok };
    } catch (error) {
      return { ok: false, detail: `sslReload at ${activation.url} failed: ${reasonOf(error)}` };
    }
  },
  manualCommand: (activation) =>
    quoteArgv(['curl', '-fsS', '-u', activation.user, activation.url + reloadPath(activation)]),
  /** Tomcat keeps nothing in memory only. The request detects a wrong password before any file changes. */
  async readMemory(activation, { timeoutSeconds }) {
    try {
      const answer = await request(activation, '/text/serverinfo', timeoutSeconds);
      if (answer.ok) return { ok: true, texts: new Map() };
      const why = `Tomcat's manager at ${activation.url} refuses the user ${activation.user}: ${answer.text}`;
      return { ok: false, why, retry: 'never' };
    } catch (error) {
      const why = `Tomcat's manager at ${activation.url} cannot be used: ${reasonOf(error)}`;
      return { ok: false, why, retry: error instanceof PasswordProblem ? 'never' : 'later' };
    }
  },
};

const reloadPath = ({ tlsHostName }: TomcatManagerActivation): string =>
  `/text/sslReload${tlsHostName === undefined ? '' : `?tlsHostName=${encodeURIComponent(tlsHostName)}`}`;

interface Answer {
  readonly ok: boolean;
  readonly text: string;
}

/** An answer is much shorter. */
const maximumAnswerBytes = 65_536;

/** The manager begins its answer with OK or FAIL. An error page is HTML, which names no reason. */
async function request(
  { url, user, passwordFile, caFile }: TomcatManagerActivation,
  path: string,
  timeoutSeconds: number,
): Promise<Answer> {
  const auth = `${user}:${readPassword(passwordFile)}`;
  const { request: send } = url.startsWith('https:') ? await import('node:https') : await import('node:http');
  const options = {
    auth,
    agent: false as const,
    signal: AbortSignal.timeout(timeoutSeconds * 1_000),
    ...(caFile !== undefined && { ca: readFileSync(caFile) }),
  };
  return new Promise((resolve, reject) => {
    const sent = send(url + path, options, (response) => {
      readAnswer(response, maximumAnswerBytes).then((body) => {
        const line = /^(?:OK|FAIL)\b.*/.exec(body)?.[0];
        const text = presentableOutput(line ?? `HTTP ${response.statusCode}`, 'start');
        resolve({ ok: response.statusCode === 200 && body.startsWith('OK'), text });
      }, reject);
    });
    sent.once('error', reject);
    sent.end();
  });
}

class PasswordProblem extends Error {}

/** The first line of the file. */
function readPassword(path: string): string {
  try {
    requireTrustedPath('the folder', dirname(path));
    if ((statSync(path).mode & 0o077) !== 0)
      throw new Error(`other users can read the file; run: chmod 600 '${path}'`);
    const [password = ''] = readFileSync(path, 'utf8').split('\n');
    rememberCredential(password);
    return password;
  } catch (error) {
    throw new PasswordProblem(`${path}: ${(error as Error).message}`);
  }
}

function reasonOf(error: unknown): string {
  return presentableOutput(error instanceof Error ? error.message : String(error), 'start');
}
