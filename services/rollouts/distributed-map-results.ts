import * as z from 'zod/mini';
import { RecordedDeployment } from '../../core/deployment/deployment.ts';

/** Result of one deployment of a wave, from the results of the Distributed Map. */
export const WaveResult = z.object({
  /** '' if it cannot be read. */
  targetId: z.string(),
  executionArn: z.string(),
  status: z.enum(['SUCCEEDED', 'FAILED', 'ABORTED', 'TIMED_OUT', 'PENDING']),
  /** The recorded outcome of the deployment, otherwise the name of the error. */
  outcome: z.string(),
  summary: z.string(),
});
export type WaveResult = Readonly<z.infer<typeof WaveResult>>;

const ResultFile = z.object({ Key: z.string() });

/** The manifest.json of a ResultWriter: the files with the results, by the status of the executions. */
export const MapManifest = z.object({
  DestinationBucket: z.string(),
  ResultFiles: z.object({
    FAILED: z._default(z.array(ResultFile), []),
    PENDING: z._default(z.array(ResultFile), []),
    SUCCEEDED: z._default(z.array(ResultFile), []),
  }),
});

/** One execution in a result file. Input and output are JSON text; large ones are omitted. */
const MapResult = z.object({
  ExecutionArn: z.optional(z.string()),
  Status: WaveResult.shape.status,
  Input: z.optional(z.string()),
  Output: z.optional(z.string()),
  Error: z.optional(z.string()),
  Cause: z.optional(z.string()),
});
type MapResult = z.infer<typeof MapResult>;

export const MapResults = z.array(MapResult);

/**
 * A successful deployment has its outcome in the output. A failed one has it in the error: the Fail states of
 * `deploy-target` use outcome and summary as error and cause.
 */
export function waveResult(result: MapResult): WaveResult {
  const recorded = parseText(RecordedDeployment, result.Output);
  const item = parseText(ItemTarget, result.Input);
  return {
    targetId: item?.target.id ?? recorded?.targetId ?? '',
    executionArn: result.ExecutionArn ?? '',
    status: result.Status,
    outcome: recorded?.outcome ?? result.Error ?? result.Status,
    summary: recorded?.summary ?? result.Cause ?? '',
  };
}

const ItemTarget = z.object({ target: z.object({ id: z.string() }) });

/** Null when there is no text, or it does not match the schema. */
function parseText<Shape>(schema: z.ZodMiniType<Shape>, text: string | undefined): Shape | null {
  try {
    return z.parse(schema, JSON.parse(text ?? ''));
  } catch {
    return null;
  }
}
