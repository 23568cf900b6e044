import * as z from 'zod/mini';
import { RecordedDeployment } from '../../core/deployment/deployment.ts';

/** How one deployment of a wave ended, from the Distributed Map's own results. */
export const WaveResult = z.object({
  /** '' where it cannot be read. */
  targetId: z.string(),
  executionArn: z.string(),
  status: z.enum(['SUCCEEDED', 'FAILED', 'ABORTED', 'TIMED_OUT', 'PENDING']),
  /** A deployment's outcome where it recorded one, else the error's name. */
  outcome: z.string(),
  summary: z.string(),
});
export type WaveResult = Readonly<z.infer<typeof WaveResult>>;

const ResultFile = z.object({ Key: z.string() });

/** The manifest.json that a ResultWriter leaves: the files with the results, by how the executions ended. */
export const MapManifest = z.object({
  DestinationBucket: z.string(),
  ResultFiles: z.object({
    FAILED: z._default(z.array(ResultFile), []),
    PENDING: z._default(z.array(ResultFile), []),
    SUCCEEDED: z._default(z.array(ResultFile), []),
  }),
});

/** One execution in a result file. Input and output are JSON text; a large one is left out. */
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
 * A deployment that ended well says its outcome in its output. One that failed says it as the error: the Fail states of
 * `deploy-target` give their outcome and summary as the execution's error and cause.
 */
export function waveResult(result: MapResult): WaveResult {
  const recorded = parseText(RecordedDeployment, result.Output);
  const item = parseText(AboutTarget, result.Input);
  return {
    targetId: item?.target.id ?? recorded?.targetId ?? '',
    executionArn: result.ExecutionArn ?? '',
    status: result.Status,
    outcome: recorded?.outcome ?? result.Error ?? result.Status,
    summary: recorded?.summary ?? result.Cause ?? '',
  };
}

const AboutTarget = z.object({ target: z.object({ id: z.string() }) });

/** Null when there is no text, or when it is another thing's. */
function parseText<Shape>(schema: z.ZodMiniType<Shape>, text: string | undefined): Shape | null {
  try {
    return z.parse(schema, JSON.parse(text ?? ''));
  } catch {
    return null;
  }
}
