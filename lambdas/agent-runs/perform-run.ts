import type { StoreHome } from '../../agent-scripts/stores/store-home.ts';
import { boundedLine } from '../../core/bounds/agent-line.ts';
import type { Clock } from '../../core/clock.ts';
import { type AgentLine, agentLine } from '../../core/deployment/agent-line.ts';
import type { CredentialValues, JobHeader } from '../../core/deployment/job.ts';
import { FunctionJob } from '../../core/deployment/run.ts';
import type { Bundle } from '../../core/deployment/version.ts';
import { CertferryError, isCertferryError } from '../../core/errors.ts';
import { returnsNoKeys } from '../../core/targets/kinds/kinds.ts';
import type { Target } from '../../core/targets/target.ts';
import { inspectForSweep } from '../../core/tls-probe/inspect-for-sweep.ts';
import type { probe } from '../../core/tls-probe/probe.ts';
import { requireCoveredName } from '../../core/tls-probe/required-name.ts';
import type { AgentHomes, AgentRecords } from '../../services/agent-home/agent-records.ts';
import type { RunEnd } from '../../services/agent-runs/agent-runs.ts';
import type { Credentials } from '../../services/credentials/credentials.ts';
import type { KeptBundles } from '../../services/previous-bundles/kept-bundles.ts';
import type { Sources } from '../../services/sources/sources.ts';
import { keepNewVersion, removeUnneededCopies } from './kept-copies.ts';
import { fenceIn, recordNames, storeHomeIn } from './store-home.ts';

/** What the agent needs for one job of a target in a store. `target` has a kind in a store. */
export interface PerformedJob {
  readonly header: JobHeader;
  readonly target: Target;
  readonly bundle: Bundle | null;
  readonly credentials: CredentialValues;
  readonly replaces?: string;
}

/** The services that performing a run requires. */
export interface RunServices {
  readonly clock: Clock;
  readonly sleep: (milliseconds: number) => Promise<unknown>;
  readonly homes: AgentHomes;
  readonly credentials: Credentials;
  readonly sources: Pick<Sources, 'fetch'>;
  readonly probe: typeof probe;
  /** Sealed copies of bundles. Null or absent: none are kept. */
  readonly kept?: KeptBundles | null;
  /** True: keep a copy of each version, whatever its source. */
  readonly keepsAll?: boolean;
  /** Runs the agent. Returns a line for every outcome; throws only if the records cannot be read or written. */
  readonly perform: (home: StoreHome, job: PerformedJob) => Promise<AgentLine>;
}

type StoreJob = Extract<FunctionJob, { job: 'store' }>;

/**
 * Performs the job of a run. Never throws: an error that leaves the outcome unknown becomes an end without a line, and the
 * state machine reconciles.
 */
export async function performRun(by: RunServices, run: { runId: string; job: string }): Promise<RunEnd> {
  try {
    const job = FunctionJob.parse(JSON.parse(run.job));
    const line = await performJob(by, run.runId, job);
    return { output: `${JSON.stringify(boundedLine(line))}\n`, errors: '' };
  } catch (error) {
    return { output: '', errors: reasonOf(error) };
  }
}

function performJob(by: RunServices, runId: string, job: FunctionJob): Promise<AgentLine> {
  switch (job.job) {
    case 'store':
      return performStore(by, runId, job);
    case 'probe':
      return probeEndpoint(by, job);
    case 'inspect':
      return inspectEndpoints(by, job);
  }
}

/** Other errors come from a library, and their message may quote what it was given. */
function reasonOf(error: unknown): string {
  if (isCertferryError(error)) return `${error.name}: ${error.message}`;
  return `the agent failed with ${error instanceof Error ? error.name : 'an unknown error'}`;
}

async function performStore(by: RunServices, runId: string, job: StoreJob): Promise<AgentLine> {
  const { header, target } = job;
  const records = await takeHome(by, runId, header);
  if (records === null) return refusal(by, header, busy(target));
  try {
    const home = storeHomeIn(records);
    const prepared = await prepare(by, job, home).catch((error: unknown) => ({ error }));
    if ('error' in prepared) return await refusal(by, header, prepared.error);
    const { warnings, ...performed } = prepared;
    const line = await by.perform(home, performed);
    if (records.isReplaced()) throw busy(target);
    // a copy that stays longer than needed changes no outcome: the next run removes it
    if (by.kept) await removeUnneededCopies(by.kept, home, target.id).catch(() => undefined);
    return { ...line, warnings: [...warnings, ...line.warnings] };
  } finally {
    await records.release();
  }
}

interface PreparedRun extends PerformedJob {
  /** About the bundle. */
  readonly warnings: readonly string[];
}

/** @throws CertferryError of the credentials, the source, or the bundle */
async function prepare(
  { credentials, sources, clock, kept, keepsAll = false }: RunServices,
  { header, target, version, replaces }: StoreJob,
  home: StoreHome,
): Promise<PreparedRun> {
  const values = await credentials.read(target);
  const common = { header, target, credentials: values, ...(replaces !== undefined && { replaces }) };
  if (version === null) return { ...common, bundle: null, warnings: [] };
  const { warnings, ...bundle } = await sources.fetch(version, clock.now());
  requireCoveredName(target, bundle.leaf);
  if (kept && header.action === 'deploy' && returnsNoKeys(target.kind)) {
    const { source } = version;
    await keepNewVersion(kept, home, { targetId: target.id, bundle, source, always: keepsAll });
  }
  return { ...common, bundle, warnings };
}

/** Milliseconds between two attempts to take the records, and in all: the rest of the time belongs to the job. */
const busyPause = 3_000;
const maximumBusy = 45_000;

/** Waits while another run of this target ends. Null if it does not end in time. */
async function takeHome(
  { homes, clock, sleep }: RunServices,
  runId: string,
  { targetId }: JobHeader,
): Promise<AgentRecords | null> {
  const deadline = clock.now().getTime() + maximumBusy;
  for (;;) {
    const records = await homes.take(targetId, runId);
    if (records !== null || clock.now().getTime() + busyPause > deadline) return records;
    await sleep(busyPause);
  }
}

/**
 * The line of a job that was refused before it began. If an earlier run has accepted this deployment, or it is being reversed,
 * the refusal does not show how the deployment ended: the error is thrown.
 */
async function refusal({ homes }: RunServices, header: JobHeader, error: unknown): Promise<AgentLine> {
  const { action, deploymentId, targetId, fence } = header;
  const isFirst = action === 'deploy' || action === 'validate' || action === 'rollback';
  if (!isCertferryError(error) || !isFirst) throw error;
  const highest = fenceIn(await homes.read(targetId, recordNames.fence));
  if (highest >= fence) throw error;
  return agentLine({
    deploymentId,
    targetId,
    outcome: 'rejected',
    summary: error.message,
    reason: error.name,
  });
}

function busy({ id }: Target): CertferryError {
  return new CertferryError(
    'HostBusy',
    `another run of the agent for target ${id} has not ended. Deploy again when it has.`,
    { details: { targetId: id } },
  );
}

async function probeEndpoint(
  { probe }: RunServices,
  { header, probe: request }: Extract<FunctionJob, { job: 'probe' }>,
): Promise<AgentLine> {
  const { deploymentId, targetId } = header;
  const observations = await probe(request);
  const count = `${observations.length} ${observations.length === 1 ? 'probe' : 'probes'}`;
  const summary = `${count} from the function that runs the agent`;
  return agentLine({ deploymentId, targetId, outcome: 'inspected', summary, observations });
}

async function inspectEndpoints(
  { clock }: RunServices,
  { header, inspections: requests }: Extract<FunctionJob, { job: 'inspect' }>,
): Promise<AgentLine> {
  const { deploymentId, targetId } = header;
  const inspections = await inspectForSweep(requests, clock.now());
  const summary = `inspected ${requests.length} endpoints from the function that runs the agent`;
  return { ...agentLine({ deploymentId, targetId, outcome: 'inspected', summary }), inspections };
}
