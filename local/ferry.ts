// Local mode: deployments on this machine through the same state machine, functions, document and agent that the stack
// deploys, kept in a state folder. Any number of processes may use one folder at once.
import { randomBytes } from 'node:crypto';
import { DeploymentRequest, RecordedDeployment, type RequestAction } from '../core/deployment/deployment.ts';
import { CertferryError } from '../core/errors.ts';
import type { Target } from '../core/target/target.ts';
import { createHistory, type HistoryItem } from '../lambdas/services/history.ts';
import { createRequests } from '../lambdas/services/requests.ts';
import { type Cloud, type CloudParts, openCloud } from './cloud.ts';
import { tableNames } from './dynamodb/create-tables.ts';
import { openStateFolder } from './state-folder.ts';
import type {
  ExecutionEvent,
  ExecutionRecord,
  ExecutionRecords,
  ExecutionStatus,
} from './step-functions/execution-record.ts';
import { type EndedExecution, executionArn } from './step-functions/executions.ts';

export type { ExecutionEvent, HistoryItem };

/** The bytes of a version, as a secret of `docs/sources.md` holds them; `pkcs12` is base64. */
export type Secret =
  | {
      readonly certificate: string;
      readonly chain?: string;
      readonly privateKey: string;
      readonly passphrase?: string;
    }
  | { readonly pkcs12: string; readonly passphrase?: string };

/** One wish for one target. `deploy` and `validate` need the secret and its leaf's fingerprint, `revert` neither. */
export interface DeployRequest {
  readonly target: Target;
  readonly action: RequestAction;
  readonly secret?: Secret | undefined;
  readonly fingerprint?: string | undefined;
  /** Told of each event as it happens; what it throws is not caught. */
  readonly onEvent?: ((event: ExecutionEvent) => void) | undefined;
}

export interface DeployResult {
  readonly executionName: string;
  readonly status: ExecutionStatus;
  /** What the recording state wrote; of outcome `lost` when none could. */
  readonly output: RecordedDeployment;
  readonly events: readonly ExecutionEvent[];
}

/** One execution as it is kept. Times are epoch milliseconds. */
export interface InspectedExecution {
  readonly executionName: string;
  readonly status: ExecutionStatus;
  readonly startedAt: number;
  readonly stoppedAt: number | null;
  readonly input: unknown;
  /** Null while it runs, and where no state recorded an outcome. */
  readonly output: RecordedDeployment | null;
  readonly error: string | null;
  readonly cause: string | null;
  readonly events: readonly ExecutionEvent[];
}

export interface Ferry {
  /** Runs one deployment to its end. Throws InvalidRequest; every other end is an output. */
  deploy(request: DeployRequest): Promise<DeployResult>;
  /** Ended deployments, the latest first. */
  history(targetId?: string): Promise<HistoryItem[]>;
  /** `last` is the execution that began last. Null when there is none. */
  inspect(name: string): Promise<InspectedExecution | null>;
  /** Aborts the deployments that still run here (their hosts finish by themselves) and lets go of their locks. */
  close(): Promise<void>;
}

export interface FerryOptions extends CloudParts {
  readonly stateDir: string;
}

export async function openFerry({ stateDir, ...parts }: FerryOptions): Promise<Ferry> {
  const folder = openStateFolder(stateDir);
  const cloud = await openCloud(folder, parts);
  const history = createHistory(cloud.documents, {
    deployments: tableNames.deployments,
    locks: tableNames.locks,
  });
  return {
    deploy: (request) => deploy(cloud, request),
    history: (targetId) => history.list(targetId === undefined ? {} : { targetId }),
    async inspect(name) {
      const { records } = cloud.executions;
      const wanted = name === 'last' ? latest(records) : name;
      const record = wanted === null ? null : records.read(wanted);
      return record === null ? null : inspected(record);
    },
    close: () => cloud.close(),
  };
}

async function deploy(cloud: Cloud, wish: DeployRequest): Promise<DeployResult> {
  const { target, action, secret, fingerprint, onEvent = () => undefined } = wish;
  const location = secret === undefined ? null : cloud.secrets.put(secret);
  try {
    const version =
      location === null ? null : { fingerprint, source: { kind: 'secretsmanager' as const, ...location } };
    const executionName = newExecutionName(target.id, new Date());
    const request = parseRequest({ target, action, version });
    const requestNumber = await createRequests(cloud.documents, tableNames.locks).registerRequest({
      targetId: target.id,
      requestId: executionArn(executionName),
      supersedes: action !== 'validate',
      now: new Date(),
    });
    const ended = await cloud.executions.run(executionName, { ...request, requestNumber }, onEvent);
    return {
      executionName,
      status: ended.status,
      output: recordedIn(ended.events) ?? unrecorded(target.id, ended),
      events: ended.events,
    };
  } finally {
    if (location !== null) cloud.secrets.drop(location);
  }
}

function parseRequest(request: object): DeploymentRequest {
  const parsed = DeploymentRequest.safeParse(request);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
  throw new CertferryError('InvalidRequest', `the deployment cannot be started: ${problems.join('; ')}`);
}

/** Step Functions allows 80 characters; the time and the random part take 26 of them. */
const targetCharacters = 54;

/** `web-1-20261122T041500-1f2e3d4c`: sorts by time within a target, and is the deployment's id on the host. */
export function newExecutionName(targetId: string, now: Date): string {
  const target = targetId.replace(/[^A-Za-z0-9_-]/g, '-').slice(0, targetCharacters);
  const time = now.toISOString().replace(/[-:]|\.\d+Z$/g, '');
  return `${target}-${time}-${randomBytes(4).toString('hex')}`;
}

/** What the recording state returned is what the end state was entered with. */
function recordedIn(events: readonly ExecutionEvent[]): RecordedDeployment | null {
  const end = events.findLast(
    ({ type, state }) => type === 'StateEntered' && (state?.type === 'Succeed' || state?.type === 'Fail'),
  );
  const recorded = RecordedDeployment.safeParse(end?.state?.input);
  return recorded.success ? recorded.data : null;
}

function unrecorded(targetId: string, { name, status, error, cause }: EndedExecution): RecordedDeployment {
  return {
    deploymentId: name,
    targetId,
    outcome: 'lost',
    summary: `execution ${name} ended ${status} before its outcome was recorded${cause === null ? '' : `: ${cause}`}`,
    reason: error,
    fingerprint: null,
    previousFingerprint: null,
    fence: null,
    warnings: [],
    repair: null,
  };
}

/** The name of the execution that began last. Names tell the second; only within one the records are asked. */
function latest(records: ExecutionRecords): string | null {
  const timeOf = (name: string) => /-(\d{8}T\d{6})-[0-9a-f]+$/.exec(name)?.[1] ?? '';
  const names = records.names();
  const last = names.map(timeOf).sort().at(-1);
  const startOf = (name: string) => records.read(name)?.start.startedAt ?? 0;
  const candidates = names.filter((name) => timeOf(name) === last);
  return candidates.sort((one, other) => startOf(one) - startOf(other)).at(-1) ?? null;
}

function inspected({ start, end, events, status }: ExecutionRecord): InspectedExecution {
  return {
    executionName: start.name,
    status,
    startedAt: start.startedAt,
    stoppedAt: end?.stoppedAt ?? null,
    input: start.input,
    output: recordedIn(events),
    error: end?.error ?? null,
    cause: end?.cause ?? null,
    events,
  };
}
