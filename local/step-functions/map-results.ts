// The files that a Distributed Map's ResultWriter leaves, as the developer guide of Step Functions shows them.
import type { Objects } from '../aws/objects.ts';
import type { End } from './execution-record.ts';

/** One child in a results file. `Input` and `Output` are JSON as text; dates are ISO 8601. */
export interface ChildResult {
  readonly ExecutionArn: string;
  readonly Input: string;
  readonly InputDetails: { readonly Included: boolean };
  readonly Name: string;
  readonly Output?: string;
  readonly OutputDetails: { readonly Included: boolean };
  readonly Error?: string;
  readonly Cause?: string;
  readonly RedriveCount: number;
  readonly RedriveStatus: string;
  readonly StartDate: string;
  readonly StateMachineArn: string;
  readonly Status: End['status'];
  readonly StopDate: string;
}

/** What a Distributed Map with a ResultWriter gives out. */
export interface MapOutput {
  readonly MapRunArn: string;
  readonly ResultWriterDetails: { readonly Bucket: string; readonly Key: string };
}

export interface MapResults {
  readonly location: { readonly Bucket: string; readonly Prefix: string };
  readonly mapRunArn: string;
  readonly id: string;
  readonly results: readonly ChildResult[];
}

/** Writes the results and the manifest that names them. */
export async function writeResults(
  objects: Objects,
  { location: { Bucket, Prefix }, mapRunArn, id, results }: MapResults,
): Promise<MapOutput> {
  const folder = `${Prefix}/${id}`;
  const write = async (key: string, content: unknown) => {
    const body = Buffer.from(JSON.stringify(content));
    await objects.put(Bucket, key, body);
    return { Key: key, Size: body.length };
  };
  const file = async (status: string, those: readonly ChildResult[]) =>
    those.length === 0 ? [] : [await write(`${folder}/${status}_0.json`, those)];
  const succeeded = results.filter(({ Status }) => Status === 'SUCCEEDED');
  // timed out and aborted ones are among the failed
  const failed = results.filter(({ Status }) => Status !== 'SUCCEEDED');
  const ResultFiles = {
    FAILED: await file('FAILED', failed),
    PENDING: [],
    SUCCEEDED: await file('SUCCEEDED', succeeded),
  };
  const manifest = { DestinationBucket: Bucket, MapRunArn: mapRunArn, ResultFiles };
  const { Key } = await write(`${folder}/manifest.json`, manifest);
  return { MapRunArn: mapRunArn, ResultWriterDetails: { Bucket, Key } };
}
