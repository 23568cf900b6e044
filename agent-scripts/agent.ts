/**
 * The agent: started by the SSM document's script with one job, ends with one line of JSON on stdout and exit code 0
 * when that line tells the whole story.
 *
 * Lifecycle: read the job → take the host-wide lock → mend what an earlier run left half done → refuse what is late
 * or stale → do the job → print the line. It keeps nothing running. A job that only looks takes no lock and mends nothing.
 */
import { type AgentLine, agentLine, type Recovery } from '../core/deployment/agent-line.ts';
import type { JobHeader, OpenJob } from '../core/deployment/job.ts';
import { CertferryError, isCertferryError } from '../core/errors.ts';
import { type ReadJob, readJob } from '../core/seal/job-text.ts';
import { recover } from './apply/recover.ts';
import { privateFolder } from './host/durable-files.ts';
import { type Home, homeAt } from './host/home.ts';
import { hostPublicKey, openSealed } from './host/host-keys.ts';
import { acquireLock } from './host/locks.ts';
import { deploy, rejected } from './jobs/deploy.ts';
import { inspect } from './jobs/inspect.ts';
import { inspectEndpoints } from './jobs/inspect-endpoints.ts';
import { rollback } from './jobs/rollback.ts';
import { undo } from './jobs/undo.ts';
import { checkFence, refuseExpired } from './journal/fence.ts';
import { readReceipt } from './journal/receipt.ts';

/** Taken out of the environment at once, so that no command started later can inherit it. */
function takeEnvironment(): { home: Home; text: string } {
  const { CERTFERRY_HOME: root, CERTFERRY_JOB: text } = process.env;
  delete process.env.CERTFERRY_JOB;
  if (root === undefined || text === undefined) {
    throw new CertferryError(
      'JobUnreadable',
      'CERTFERRY_HOME and CERTFERRY_JOB must be set: start the agent through bootstrap.sh',
    );
  }
  return { home: homeAt(root), text };
}

async function main(): Promise<AgentLine> {
  // bootstrap.sh works with 077; a daemon started by a reload must not inherit that
  process.umask(0o022);
  const { home, text } = takeEnvironment();
  const job = readJob(text);
  if (isLook(job)) return inspectEndpoints(job.job.header, job.job.looks);
  const claimed = job.sealed ? job.header : job.job.header;
  privateFolder(home.root);
  let recovered: Recovery | null = null;
  try {
    acquireLock(home.lock, 'file');
    recovered = await recover(home);
    return { ...(await perform(home, job)), recovered };
  } catch (error) {
    return { ...(await afterError(home, claimed, error)), recovered };
  }
}

type Look = Extract<ReadJob, { sealed: false }> & { job: { looks: NonNullable<OpenJob['looks']> } };

const isLook = (job: ReadJob): job is Look =>
  !job.sealed && job.job.header.action === 'inspect' && job.job.looks !== undefined;

async function perform(home: Home, job: ReadJob): Promise<AgentLine> {
  if (!job.sealed) return performOpen(home, job.job);
  const finished = finishedBefore(home, job.header);
  if (finished !== null) return withHostKey(home, finished);
  const opened = await openSealed(home, job.kid, job.text);
  if (opened === null) return unknownKey(home, job.header);
  refuseExpired(opened.header, new Date());
  checkFence(home, opened.header);
  return withHostKey(
    home,
    await settled(home, opened.header, () => deploy(home, opened.header, opened.body)),
  );
}

/** The host key has been renewed by opening the job, so its new half goes out whatever became of the job. */
async function settled(home: Home, header: JobHeader, work: () => Promise<AgentLine>): Promise<AgentLine> {
  try {
    return await work();
  } catch (error) {
    return afterError(home, header, error);
  }
}

async function performOpen(home: Home, { header, probe, replaces }: OpenJob): Promise<AgentLine> {
  refuseExpired(header, new Date());
  switch (header.action) {
    case 'enroll':
      return enrolled(home, header, null);
    case 'inspect':
      return inspect(home, header, probe);
    case 'undo':
      checkFence(home, header);
      return undo(home, header);
    case 'rollback': {
      const finished = finishedBefore(home, header);
      if (finished !== null) return finished;
      checkFence(home, header);
      return rollback(home, header, replaces);
    }
    case 'deploy':
    case 'validate':
      throw new CertferryError('JobUnreadable', `a ${header.action} job has to be sealed`);
  }
}

/**
 * What this very deployment said when it ended here. A receipt with another fence is another execution's, which had the same
 * name (in another state machine): neither may be answered, or undone, with what the other one did.
 * @throws CertferryError InvalidRequest
 */
function finishedBefore(home: Home, { targetId, deploymentId, fence }: JobHeader): AgentLine | null {
  const receipt = readReceipt(home, targetId, deploymentId);
  if (receipt === null || receipt.fence === fence) return receipt?.line ?? null;
  throw new CertferryError(
    'InvalidRequest',
    `deployment ${deploymentId} has been here under fence ${receipt.fence}, and this job has ${fence}: start the execution under a name that was not used before`,
    { details: { deploymentId, fence, used: receipt.fence } },
  );
}

async function withHostKey(home: Home, line: AgentLine): Promise<AgentLine> {
  return { ...line, hostKey: await hostPublicKey(home) };
}

/** The sender knows an older key (this host was rebuilt), so it is told the current one and sends again. */
function unknownKey(home: Home, header: JobHeader): Promise<AgentLine> {
  return enrolled(home, header, 'UnknownHostKey');
}

async function enrolled(home: Home, header: JobHeader, reason: string | null): Promise<AgentLine> {
  const line = agentLine({
    deploymentId: header.deploymentId,
    targetId: header.targetId,
    outcome: 'enrolled',
    summary:
      reason === null
        ? 'this host has a key'
        : 'the job was sealed to a key this host does not have; here is its own',
    reason,
  });
  return withHostKey(home, line);
}

/**
 * A refusal is an outcome like any other. Anything unforeseen may have left a change half done: it is undone here and
 * now, as the next run would, and only then called rejected.
 */
async function afterError(home: Home, header: JobHeader, error: unknown): Promise<AgentLine> {
  if (isCertferryError(error) && error.name === 'HostBusy') return rejected(header, error);
  const recovery = await recover(home);
  if (recovery?.outcome === 'rollback_failed') {
    const receipt = readReceipt(home, recovery.targetId, recovery.deploymentId);
    if (receipt !== null) return receipt.line;
  }
  const ended = header.action === 'undo' ? null : readReceipt(home, header.targetId, header.deploymentId);
  // what failed came after the end (tidying up): the receipt tells what is live
  if (ended?.fence === header.fence && !ended.undone) return ended.line;
  if (isCertferryError(error)) return rejected(header, error);
  const message = error instanceof Error ? error.message : String(error);
  return rejected(
    header,
    new CertferryError('StagingFailed', `the job failed and nothing was left changed: ${message}`),
  );
}

/** Inside a rehearsal's private world the same file is the client: see `apply/rehearsal.ts`. */
async function look(question: string): Promise<never> {
  const { probeSandbox } = await import('./validation/sandbox-probe.ts');
  await probeSandbox(question);
  process.exit(0);
}

const [, , role, question = ''] = process.argv;
(role === 'probe-sandbox' ? look(question) : main()).then(
  (line) => {
    process.stdout.write(`${JSON.stringify(line)}\n`, () => process.exit(0));
  },
  (error: unknown) => {
    process.stderr.write(`certferry agent: ${error instanceof Error ? error.message : String(error)}\n`, () =>
      process.exit(1),
    );
  },
);
