// What this stand-in of a Distributed Map cannot show: quotas (children started a second, children at a time, payloads),
// a Map Run that is stopped by too many failures (none of ours is), its own pages in the console and DescribeMapRun,
// children of a redrive that continue in the middle (here they are new executions), and results in several files.
import { randomUUID } from 'node:crypto';
import pLimit from 'p-limit';
import * as z from 'zod/mini';
import { newExecutionName } from '../../core/execution-name.ts';
import type { Objects } from '../aws/objects.ts';
import { mostDeploymentsAtOnce } from '../base/concurrency-limit.ts';
import { mapRunArn, stateMachineArn } from './arns.ts';
import type { End } from './execution-record.ts';
import { type ChildResult, type MapOutput, writeResults } from './map-results.ts';
import { type MapRunItem, openMapRun } from './map-run-record.ts';
import type { RunningExecution } from './run.ts';
import { taskError } from './tokens.ts';

const MapInput = z.object({
  Reader: z.object({ Bucket: z.string(), Key: z.string() }),
  Writer: z.object({ Bucket: z.string(), Prefix: z.string() }),
  MaxConcurrency: z.int(),
});
type MapInput = z.infer<typeof MapInput>;

export interface MapRunContext {
  /** `<machine>/<label>`. */
  readonly machine: string;
  readonly folder: string;
  /** Runs a write of the record of the Map Run. */
  readonly keepRecord: (write: () => void) => void;
  readonly objects: Objects;
  readonly atOnce: number | undefined;
  /** ARN of the Map Run to continue; null starts a new one. */
  readonly redriven: string | null;
  /** No child begins after it, and those that run are aborted. */
  readonly aborted: AbortSignal;
  readonly reportMapRun: (type: 'MapRunStarted' | 'MapRunRedriven', mapRunArn: string) => void;
  readonly start: (name: string, item: object, mapRunArn: string) => RunningExecution;
  /** How a child of this name ended; null when it never began, or has no end. */
  readonly ended: (name: string) => EndedChild | null;
}

/** An execution that has ended. Times are epoch milliseconds. */
export interface EndedChild extends Omit<End, 'line'> {
  readonly name: string;
  readonly arn: string;
  readonly startedAt: number;
}

/**
 * Runs each item of the reader as an execution of its own. A failed one stops no other. A continued Map Run does not run
 * items again whose children have succeeded. AWS would continue the other children; here each gets a new execution. The
 * results contain the earlier executions before the new ones, because their changes count as well.
 */
export async function runDistributedMap(raw: unknown, context: MapRunContext): Promise<MapOutput> {
  const input = MapInput.parse(raw);
  const items = await readItems(context.objects, input.Reader);
  const id = context.redriven?.split(':').at(-1) ?? randomUUID();
  const arn = mapRunArn(context.machine, id);
  const mapRun = openMapRun(context.folder, id);
  const results: ChildResult[] = [];
  context.reportMapRun(context.redriven === null ? 'MapRunStarted' : 'MapRunRedriven', arn);
  const atOnce = Math.min(
    input.MaxConcurrency || Number.POSITIVE_INFINITY,
    context.atOnce ?? mostDeploymentsAtOnce,
  );
  await pLimit(atOnce).map([...items.entries()], async ([index, item]) => {
    const before = resultsSoFar(context, mapRun.soFar(index), item);
    results.push(...before);
    if (before.some(hasSucceeded) || context.aborted.aborted) return;
    const { keepRecord } = context;
    const begun = (name: string) => keepRecord(() => mapRun.begin(index, name));
    const result = await runChild(context, arn, item, begun);
    keepRecord(() => mapRun.keep(index, result));
    results.push(result);
  });
  if (context.aborted.aborted) throw taskError('States.Aborted', 'the Map Run was aborted');
  return writeResults(context.objects, { location: input.Writer, mapRunArn: arn, id, results });
}

const hasSucceeded = ({ Status }: ChildResult) => Status === 'SUCCEEDED';

/** The process of an execution that died kept no result. The record of the execution contains its end. */
function resultsSoFar(
  { machine, ended }: MapRunContext,
  { begun, results }: MapRunItem,
  item: object,
): ChildResult[] {
  const known = new Map(results.map((result) => [result.Name, result]));
  return begun.flatMap((name) => {
    const found = known.get(name) ?? ended(name);
    if (found === null) return [];
    return ['Name' in found ? found : childResult(machine, item, found)];
  });
}

async function readItems(objects: Objects, { Bucket, Key }: MapInput['Reader']): Promise<object[]> {
  try {
    const object = await objects.get(Bucket, Key);
    if (object === null) throw new Error(`there is no object ${Key} in bucket ${Bucket}`);
    return z.array(z.record(z.string(), z.unknown())).parse(JSON.parse(object.body.toString('utf8')));
  } catch (error) {
    throw taskError('States.ItemReaderFailed', error instanceof Error ? error.message : String(error));
  }
}

const AboutTarget = z.object({ target: z.object({ id: z.string() }) });

async function runChild(
  { start, machine, aborted }: MapRunContext,
  mapRunArn: string,
  item: object,
  begins: (name: string) => void,
): Promise<ChildResult> {
  const about = AboutTarget.safeParse(item);
  const name = newExecutionName(about.data?.target.id ?? 'item', new Date());
  begins(name);
  const child = start(name, item, mapRunArn);
  const abort = () => child.abort();
  aborted.addEventListener('abort', abort, { once: true });
  const end = await child.ended;
  aborted.removeEventListener('abort', abort);
  return childResult(machine, item, { name, arn: child.arn, startedAt: child.startedAt, ...end });
}

function childResult(machine: string, item: object, child: EndedChild): ChildResult {
  const { name, arn, startedAt, status, output, error, cause, stoppedAt } = child;
  const succeeded = status === 'SUCCEEDED';
  return {
    ExecutionArn: arn,
    Input: JSON.stringify(item),
    InputDetails: { Included: true },
    Name: name,
    ...(succeeded && { Output: JSON.stringify(output) }),
    OutputDetails: { Included: succeeded },
    ...(error !== null && { Error: error }),
    ...(cause !== null && { Cause: cause }),
    RedriveCount: 0,
    RedriveStatus: succeeded ? 'NOT_REDRIVABLE' : 'REDRIVABLE_BY_MAP_RUN',
    StartDate: new Date(startedAt).toISOString(),
    StateMachineArn: stateMachineArn(machine),
    Status: status,
    StopDate: new Date(stoppedAt).toISOString(),
  };
}
