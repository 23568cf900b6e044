import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { resolve } from 'node:path';
import type { IssuedCertificate } from '../../cli/demo/throwaway-ca.ts';
import { type AgentLine, readAgentLine } from '../../core/deployment/agent-line.ts';
import type { JobHeader } from '../../core/deployment/job.ts';
import type { Bundle } from '../../core/deployment/version.ts';
import { seal } from '../../core/seal/seal.ts';
import { type FileTarget, Target } from '../../core/targets/target.ts';
import { signed, signedOpenJob, testAgentEnvironment } from '../fixtures/signed-jobs.ts';

const agentFile = resolve(import.meta.dirname, '../../dist/agent/agent.cjs');
/** The bundled agent for targets in a store. */
export const storeAgentFile = resolve(import.meta.dirname, '../../dist/agent/store-agent.cjs');

/** Result of one run of the bundled agent. */
export interface AgentRun {
  readonly line: AgentLine | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/**
 * Starts the bundled agent with one signed job, as bootstrap.sh does. `wrapper` is a command such as strace that runs it.
 */
export function startAgent(
  home: string,
  job: string,
  wrapper: readonly string[] = [],
  environment: NodeJS.ProcessEnv = {},
  agent = agentFile,
) {
  const [file, ...args] = [...wrapper, process.execPath, agent];
  const child = spawn(file ?? '', args, {
    env: {
      PATH: process.env.PATH,
      CERTFERRY_HOME: home,
      CERTFERRY_JOB: job,
      ...testAgentEnvironment,
      ...environment,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  const ended = new Promise<AgentRun>((done) => {
    child.once('close', (code, signal) =>
      done({ line: readAgentLine(stdout), stdout, stderr, code, signal }),
    );
  });
  return { child, ended };
}

/** Runs the bundled agent and waits for its end. */
export function runAgentWith(
  home: string,
  job: string,
  wrapper: readonly string[] = [],
  environment: NodeJS.ProcessEnv = {},
): Promise<AgentRun> {
  return startAgent(home, job, wrapper, environment).ended;
}

/** A host with an agent folder. Sends jobs as the Lambdas do: enrolled once, with increasing fences and rotated keys. */
export interface TestHost {
  readonly home: string;
  /** The complete output of this host's agents, on both streams. */
  readonly printed: readonly string[];
  send(action: JobHeader['action'], options?: Partial<JobOptions>): Promise<AgentLine>;
  /** Sends a job to an agent that `wrapper` runs. Sends it again if its key was retired, as the state machine does. */
  run(
    action: JobHeader['action'],
    options?: Partial<JobOptions>,
    wrapper?: readonly string[],
  ): Promise<AgentRun>;
  /** Records the next key of the host, for tests that run the agent themselves. */
  received(line: AgentLine | null): void;
  /** The text of a job, for tests that run the agent themselves. */
  jobText(action: JobHeader['action'], options?: Partial<JobOptions>): Promise<string>;
}

export interface JobOptions {
  readonly target: Target;
  readonly version: IssuedCertificate;
  readonly header: Partial<JobHeader>;
  readonly credentials: Readonly<Record<string, string>>;
  /** The fingerprint that a rollback may replace. */
  readonly replaces: string;
  /** The argv arrays of a job `onDeployed`. */
  readonly commands: string[][];
}

/** A host whose agent folder is `home`. `wrapper` is a command that runs its agent, e.g. as another user. */
export function testHost(home: string, wrapper: readonly string[] = []): TestHost {
  let fence = 0;
  let hostKey: AgentLine['hostKey'] = null;
  const printed: string[] = [];
  const header = (action: JobHeader['action'], options: Partial<JobOptions>): JobHeader => ({
    v: 1,
    action,
    deploymentId: `d-${randomUUID()}`,
    targetId: options.target?.id ?? 'web-1',
    fence: options.header?.fence ?? ++fence,
    expiresAt: Math.floor(Date.now() / 1_000) + 600,
    ...options.header,
  });
  const enroll = async (): Promise<NonNullable<AgentLine['hostKey']>> => {
    const job = await signedOpenJob({ header: header('enroll', { header: { fence: 0 } }), probe: null });
    const { line, stderr } = await runAgentWith(home, job, wrapper);
    if (!line?.hostKey) throw new Error(`enrolment failed: ${stderr}`);
    return line.hostKey;
  };
  const jobText = async (action: JobHeader['action'], options: Partial<JobOptions> = {}): Promise<string> => {
    if (action !== 'deploy' && action !== 'validate') {
      const { replaces, commands } = options;
      const about = { header: header(action, options), probe: null };
      return signedOpenJob({ ...about, ...(replaces && { replaces }), ...(commands && { commands }) });
    }
    if (!options.target || !options.version) throw new Error(`${action} needs a target and a version`);
    hostKey ??= await enroll();
    const about = header(action, options);
    const { target, credentials } = options;
    const bundle = bundleOf(options.version);
    const job = await seal(about, { target, bundle, ...(credentials && { credentials }) }, hostKey);
    return signed(job, { header: about });
  };
  const received = (line: AgentLine | null): void => {
    hostKey = line?.hostKey ?? hostKey;
  };
  const run: TestHost['run'] = async (action, options = {}, inner = []) => {
    const same = { ...options, header: header(action, options) };
    for (;;) {
      const ended = await runAgentWith(home, await jobText(action, same), [...wrapper, ...inner]);
      printed.push(ended.stdout, ended.stderr);
      received(ended.line);
      if (ended.line?.reason !== 'RetiredHostKey') return ended;
    }
  };
  return {
    home,
    jobText,
    printed,
    received,
    run,
    async send(action, options) {
      const { line, stderr, code } = await run(action, options);
      if (line === null) throw new Error(`the agent ended with ${code} and no line: ${stderr}`);
      return line;
    },
  };
}

export function bundleOf(version: IssuedCertificate): Bundle {
  const chain = version.chainPem.match(/-----BEGIN[\s\S]*?-----END CERTIFICATE-----\n/g) ?? [];
  return { leaf: version.certPem, chain: [...chain], key: version.keyPem };
}

/** A target of this kind with files and this configuration, parsed like one of a targets file. */
export function aTarget(
  kind: string,
  config: object,
  verify: object | 'none' = 'none',
  id = 'web-1',
): FileTarget {
  return Target.parse({
    id,
    certificate: 'www.example.test',
    host: 'local',
    kind,
    config,
    verify,
  }) as FileTarget;
}
