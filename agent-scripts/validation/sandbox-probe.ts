import { existsSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { ProbeRequest } from '../../core/deployment/job.ts';
import { endpointParts } from '../../core/targets/verify.ts';
import { judgeProbe } from '../../core/tls-probe/judge-probe.ts';
import { probe, serverNameOf } from '../../core/tls-probe/probe.ts';
import { cannotBeRehearsed } from '../connectors/connector.ts';
import { type SandboxProbeResult, sandboxEndpoints } from './rehearsal.ts';

/** The script in `rehearsal.ts` writes the daemon's output and its exit code to these files. */
const outputFile = '/dev/shm/sandbox.log';
const exitCodeFile = '/dev/shm/sandbox.exit-code';

/** The agent keeps 8 KB of this process's output. In base64, these take half of it. */
const maximumReasonCharacters = 450;
const maximumOutputBytes = 3_000;

/** A daemon with a large configuration takes seconds to start. */
const startSeconds = 20;
/** A daemon that forks into the background listens soon after its first process has exited. */
const backgroundSeconds = 3;

/**
 * Runs inside the sandbox as a separate process. Waits until the sandboxed instance listens, probes it once as the
 * target's `verify` configures, and prints the result as one line of JSON. One probe is enough: no process in the
 * sandbox has loaded the previous files.
 */
export async function probeSandbox(requestText: string): Promise<void> {
  const request = ProbeRequest.parse(JSON.parse(requestText));
  const result = await waitForResult(request);
  process.stdout.write(
    `${JSON.stringify({ ...result, why: result.why.slice(0, maximumReasonCharacters) })}\n`,
  );
}

async function waitForResult(request: ProbeRequest): Promise<SandboxProbeResult> {
  const endpoints = sandboxEndpoints(request.verify.endpoint);
  let deadline = Date.now() + startSeconds * 1_000;
  let inBackground = false;
  while (Date.now() < deadline) {
    const result = await probeFirstListening(endpoints, request);
    if (result !== null) return result;
    const code = readExitCode();
    if (code === String(cannotBeRehearsed)) return { ok: null, why: '', output: daemonOutput() };
    if (code !== null && code !== '0') {
      return { ok: false, why: `the sandboxed instance exited with ${code}`, output: daemonOutput() };
    }
    if (code === '0' && !inBackground) deadline = Date.now() + backgroundSeconds * 1_000;
    inBackground = code === '0';
    await sleep(20);
  }
  const { endpoint } = request.verify;
  return { ok: false, why: `the sandboxed instance did not listen on ${endpoint}`, output: daemonOutput() };
}

/** Probes the first endpoint that accepts connections. Null if none does yet. */
async function probeFirstListening(
  endpoints: readonly string[],
  { verify, version }: ProbeRequest,
): Promise<SandboxProbeResult | null> {
  const serverName = verify.serverName ?? serverNameOf(verify);
  for (const endpoint of endpoints) {
    if (!(await isListening(endpoint))) continue;
    const named = serverName === null ? verify : { ...verify, serverName };
    const request = { ...named, endpoint, timeoutSeconds: 5, successThreshold: 1 };
    const { verified, unavailable, summary } = judgeProbe(await probe({ verify: request, version }), request);
    return { ok: unavailable ? null : verified, why: `sandboxed instance, ${summary}`, output: '' };
  }
  return null;
}

/** Whether the endpoint accepts TCP connections. A handshake that fails afterwards is already a result. */
function isListening(endpoint: string): Promise<boolean> {
  const { host, port } = endpointParts(endpoint);
  return new Promise((resolve) => {
    const socket = connect(port, host, () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

/** Null while the daemon's first process runs. */
function readExitCode(): string | null {
  const code = existsSync(exitCodeFile) ? readFileSync(exitCodeFile, 'utf8').trim() : '';
  return code === '' ? null : code;
}

/** The end of the daemon's output, in base64. */
function daemonOutput(): string {
  const output = existsSync(outputFile) ? readFileSync(outputFile) : Buffer.alloc(0);
  return output.subarray(-maximumOutputBytes).toString('base64');
}
