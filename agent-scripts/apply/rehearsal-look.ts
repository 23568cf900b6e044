import { existsSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { ProbeRequest } from '../../core/deployment/job.ts';
import { endpointParts } from '../../core/targets/verify.ts';
import { judge } from '../../core/tls-probe/judge.ts';
import { probe, serverNameOf } from '../../core/tls-probe/probe.ts';
import { shadowEndpoints } from './rehearsal.ts';
import { redact } from './run-command.ts';

/** Where the script of `rehearsal.ts` leaves the shadow's words and its exit code. */
const shadowLog = '/dev/shm/shadow.log';
const shadowEnded = '/dev/shm/shadow.ended';

/** The whole line has to fit into what is kept of a command's output. */
const reasonLimit = 450;

/** A daemon with a large configuration takes seconds to start; one that went into the background listens soon after. */
const startSeconds = 20;
const backgroundSeconds = 3;

interface Answer {
  readonly ok: boolean;
  readonly why: string;
}

/**
 * Runs inside the private world, as a program of its own: waits until the shadow answers, shakes hands with it as the
 * target's `verify` says, and prints one line of JSON. A shadow that answers is judged at once: nothing old is left in it
 * that a second look could see gone.
 */
export async function rehearsalLook(question: string): Promise<void> {
  const asked = ProbeRequest.parse(JSON.parse(question));
  const answer = await waitForAnswer(asked);
  process.stdout.write(`${JSON.stringify({ ...answer, why: answer.why.slice(0, reasonLimit) })}\n`);
}

async function waitForAnswer(asked: ProbeRequest): Promise<Answer> {
  const endpoints = shadowEndpoints(asked.verify.endpoint);
  let giveUp = Date.now() + startSeconds * 1_000;
  let inBackground = false;
  while (Date.now() < giveUp) {
    const answer = await handshake(endpoints, asked);
    if (answer !== null) return answer;
    const code = exitCode();
    if (code !== null && code !== '0') {
      return { ok: false, why: `its shadow ended with ${code}${lastWords()}` };
    }
    if (code === '0' && !inBackground) giveUp = Date.now() + backgroundSeconds * 1_000;
    inBackground = code === '0';
    await sleep(20);
  }
  return { ok: false, why: `its shadow did not come to listen on ${asked.verify.endpoint}${lastWords()}` };
}

/** Judges the first endpoint that somebody listens on; null while nobody does. */
async function handshake(
  endpoints: readonly string[],
  { verify, version }: ProbeRequest,
): Promise<Answer | null> {
  const serverName = verify.serverName ?? serverNameOf(verify);
  for (const endpoint of endpoints) {
    if (!(await listens(endpoint))) continue;
    const named = serverName === null ? verify : { ...verify, serverName };
    const asked = { ...named, endpoint, timeoutSeconds: 5, successThreshold: 1 };
    const { verified, summary } = judge(await probe({ verify: asked, version }), asked);
    return { ok: verified, why: `its shadow on ${summary}` };
  }
  return null;
}

/** Whether anybody accepts connections there yet. What comes after that, a failed handshake too, is an answer. */
function listens(endpoint: string): Promise<boolean> {
  const { host, port } = endpointParts(endpoint);
  return new Promise((resolve) => {
    const socket = connect(port, host, () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

/** Null while it runs in the foreground. */
function exitCode(): string | null {
  const code = existsSync(shadowEnded) ? readFileSync(shadowEnded, 'utf8').trim() : '';
  return code === '' ? null : code;
}

function lastWords(): string {
  const words = existsSync(shadowLog) ? redact(readFileSync(shadowLog, 'utf8')).trim().slice(-400) : '';
  return words === '' ? '' : `: ${words}`;
}
