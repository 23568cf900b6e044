import { GetObjectCommand, NoSuchKey, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import pLimit from 'p-limit';
import * as z from 'zod/mini';
import { DeploymentRequest } from '../../core/deployment/deployment.ts';
import type { MapResult, Place } from '../../core/rollout/rollout.ts';
import { MapManifest, MapResults, WaveResult, waveResult } from './distributed-map-results.ts';

export type { WaveResult };

/**
 * What is kept of a wave once it has been judged. `brokeOff`: nobody waited for its deployments, so these results are as
 * far as it was then, and what has been recorded since counts.
 */
const JudgedWave = z.object({
  number: z.int(),
  direction: z.enum(['forward', 'back']),
  brokeOff: z.optional(z.boolean()),
  results: z.array(WaveResult),
});
export type JudgedWave = Readonly<z.infer<typeof JudgedWave>>;

/** Which file of items is meant: `plan` is the name of the attempt that wrote it. */
export interface WavePlan {
  readonly rolloutId: string;
  readonly wave: number;
  readonly plan: string;
}

/**
 * A rollout's files in the bucket, under `rollouts/<id>/`: `wave-<n>/items-<plan>.json` for each attempt at planning the
 * wave, what the Map writes under `wave-<n>/results/`, and `wave-<n>/judged.json`.
 */
export interface WaveFiles {
  placeOf(plan: WavePlan): { readonly items: Place; readonly results: Place };
  /** A file of items is never written twice: a Map may be reading it. */
  writeItems(place: Place, items: readonly DeploymentRequest[]): Promise<void>;
  readItems(place: Place): Promise<DeploymentRequest[]>;
  /** All results of a Map, in no order: reads its manifest and the files that it names. */
  readResults(result: MapResult): Promise<WaveResult[]>;
  writeJudged(rolloutId: string, wave: JudgedWave): Promise<void>;
  /** Waves 1 to `upTo`, those that were judged, in order. */
  judged(rolloutId: string, upTo: number): Promise<JudgedWave[]>;
}

/** Objects read at a time: a wave of thousands has a handful of result files, a rollout at most as many waves as it likes. */
const atATime = 8;

/** A rollout's files in `bucket`. A file that is not of its own form is an error that names it. */
export function createWaveFiles(s3: S3Client, bucket: string): WaveFiles {
  const limit = pLimit(atATime);
  const place = (rolloutId: string, wave: number, name: string): Place => ({
    bucket,
    key: `rollouts/${rolloutId}/wave-${wave}/${name}`,
  });
  const readAll = <Shape>(places: readonly Place[], schema: z.ZodMiniType<Shape>) =>
    limit.map(places, (one) => readJson(s3, one, schema));
  return {
    placeOf: ({ rolloutId, wave, plan }) => ({
      items: place(rolloutId, wave, `items-${plan}.json`),
      results: place(rolloutId, wave, 'results'),
    }),
    writeItems: (at, items) => writeJson(s3, at, items),
    async readItems(at) {
      return (await readJson(s3, at, z.array(DeploymentRequest))) ?? missing(at);
    },
    async readResults({ ResultWriterDetails: { Bucket, Key } }) {
      const manifest = { bucket: Bucket, key: Key };
      const { DestinationBucket, ResultFiles } =
        (await readJson(s3, manifest, MapManifest)) ?? missing(manifest);
      const places = Object.values(ResultFiles)
        .flat()
        .map((file) => ({ bucket: DestinationBucket, key: file.Key }));
      // each file is cut down before the next is read: inputs and outputs of a large wave are more than a function holds
      const files = await limit.map(places, async (one) =>
        ((await readJson(s3, one, MapResults)) ?? missing(one)).map(waveResult),
      );
      return files.flat();
    },
    writeJudged: (rolloutId, wave) => writeJson(s3, place(rolloutId, wave.number, 'judged.json'), wave),
    async judged(rolloutId, upTo) {
      const places = Array.from({ length: upTo }, (_, at) => place(rolloutId, at + 1, 'judged.json'));
      return (await readAll(places, JudgedWave)).filter((wave) => wave !== null);
    },
  };
}

async function writeJson(s3: S3Client, { bucket, key }: Place, content: unknown): Promise<void> {
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
  place: Place,
  schema: z.ZodMiniType<Shape>,
): Promise<Shape | null> {
  const text = await readText(s3, place);
  if (text === null) return null;
  const parsed = z.safeParse(schema, parseJson(text));
  if (parsed.success) return parsed.data;
  const [problem] = parsed.error.issues;
  throw new Error(`${nameOf(place)} is not of its form: ${problem?.path.join('.')}: ${problem?.message}`);
}

async function readText(s3: S3Client, { bucket, key }: Place): Promise<string | null> {
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

function missing(place: Place): never {
  throw new Error(`${nameOf(place)} is not there`);
}

const nameOf = ({ bucket, key }: Place) => `s3://${bucket}/${key}`;
