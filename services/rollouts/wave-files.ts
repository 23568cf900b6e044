import { GetObjectCommand, NoSuchKey, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import pLimit from 'p-limit';
import * as z from 'zod/mini';
import { DeploymentRequest } from '../../core/deployment/deployment.ts';
import type { MapResult, S3Location } from '../../core/rollout/rollout.ts';
import { MapManifest, MapResults, WaveResult, waveResult } from './distributed-map-results.ts';

export type { WaveResult };

/**
 * A wave with its results. `brokeOff`: the Map failed before its deployments had ended, so these results are incomplete; the
 * records of the deployments count.
 */
export const JudgedWave = z.object({
  number: z.int(),
  direction: z.enum(['forward', 'rollback']),
  brokeOff: z.optional(z.boolean()),
  results: z.array(WaveResult),
});
export type JudgedWave = Readonly<z.infer<typeof JudgedWave>>;

/** Names a file of items. `plan`: the name of the attempt that wrote it. */
export interface WavePlan {
  readonly rolloutId: string;
  readonly wave: number;
  readonly plan: string;
}

/**
 * The files of rollouts in the bucket, under `rollouts/<id>/wave-<n>/`: `items-<plan>.json` for each attempt to plan the wave,
 * `results/` with the results of the Map, and `judged.json`.
 */
export interface WaveFiles {
  locationsOf(plan: WavePlan): { readonly items: S3Location; readonly results: S3Location };
  /** Never write a file of items twice: a Map may be reading it. */
  writeItems(location: S3Location, items: readonly DeploymentRequest[]): Promise<void>;
  readItems(location: S3Location): Promise<DeploymentRequest[]>;
  /** All results of a Map, unordered: reads its manifest and the files listed there. */
  readResults(result: MapResult): Promise<WaveResult[]>;
  writeJudged(rolloutId: string, wave: JudgedWave): Promise<void>;
  /** The judged waves among waves 1 to `upTo`, in order. */
  judged(rolloutId: string, upTo: number): Promise<JudgedWave[]>;
}

/** Objects read in parallel. */
const maximumParallelReads = 8;

/** Files of rollouts in `bucket`. A file with unexpected content is an error that names the file. */
export function createWaveFiles(s3: S3Client, bucket: string): WaveFiles {
  const limit = pLimit(maximumParallelReads);
  const location = (rolloutId: string, wave: number, name: string): S3Location => ({
    bucket,
    key: `rollouts/${rolloutId}/wave-${wave}/${name}`,
  });
  const readAll = <Shape>(locations: readonly S3Location[], schema: z.ZodMiniType<Shape>) =>
    limit.map(locations, (one) => readJson(s3, one, schema));
  return {
    locationsOf: ({ rolloutId, wave, plan }) => ({
      items: location(rolloutId, wave, `items-${plan}.json`),
      results: location(rolloutId, wave, 'results'),
    }),
    writeItems: (at, items) => writeJson(s3, at, items),
    async readItems(at) {
      return (await readJson(s3, at, z.array(DeploymentRequest))) ?? missing(at);
    },
    async readResults({ ResultWriterDetails: { Bucket, Key } }) {
      const manifest = { bucket: Bucket, key: Key };
      const { DestinationBucket, ResultFiles } =
        (await readJson(s3, manifest, MapManifest)) ?? missing(manifest);
      const locations = Object.values(ResultFiles)
        .flat()
        .map((file) => ({ bucket: DestinationBucket, key: file.Key }));
      // each file is reduced to its results at once: inputs and outputs of a large wave exceed the memory of a function
      const files = await limit.map(locations, async (one) =>
        ((await readJson(s3, one, MapResults)) ?? missing(one)).map(waveResult),
      );
      return files.flat();
    },
    writeJudged: (rolloutId, wave) => writeJson(s3, location(rolloutId, wave.number, 'judged.json'), wave),
    async judged(rolloutId, upTo) {
      const locations = Array.from({ length: upTo }, (_, at) => location(rolloutId, at + 1, 'judged.json'));
      return (await readAll(locations, JudgedWave)).filter((wave) => wave !== null);
    },
  };
}

async function writeJson(s3: S3Client, { bucket, key }: S3Location, content: unknown): Promise<void> {
  await s3.send(
    new PutObjectCommand({
      Bucket: bucket,
      Key: key,
      Body: JSON.stringify(content),
      ContentType: 'application/json',
    }),
  );
}

/** Null when there is no such object. */
async function readJson<Shape>(
  s3: S3Client,
  location: S3Location,
  schema: z.ZodMiniType<Shape>,
): Promise<Shape | null> {
  const text = await readText(s3, location);
  if (text === null) return null;
  const parsed = z.safeParse(schema, parseJson(text));
  if (parsed.success) return parsed.data;
  const [problem] = parsed.error.issues;
  throw new Error(
    `${nameOf(location)} has unexpected content: ${problem?.path.join('.')}: ${problem?.message}`,
  );
}

async function readText(s3: S3Client, { bucket, key }: S3Location): Promise<string | null> {
  try {
    const { Body } = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
    return (await Body?.transformToString()) ?? '';
  } catch (error) {
    if (error instanceof NoSuchKey) return null;
    throw error;
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function missing(location: S3Location): never {
  throw new Error(`${nameOf(location)} does not exist`);
}

const nameOf = ({ bucket, key }: S3Location) => `s3://${bucket}/${key}`;
