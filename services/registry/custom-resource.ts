import { setTimeout as sleep } from 'node:timers/promises';
import { GetObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import type { Place } from '../../core/rollout/rollout.ts';

/** How a custom resource ended, in CloudFormation's own words. */
export interface CustomResourceResponse {
  readonly Status: 'SUCCESS' | 'FAILED';
  /** What people read in the stack's events; at most 1,000 characters of it. */
  readonly Reason: string;
  readonly PhysicalResourceId: string;
  readonly StackId: string;
  readonly RequestId: string;
  readonly LogicalResourceId: string;
}

/** What CloudFormation has for a custom resource, and what it wants back. */
export interface CustomResourceService {
  /** The text of a file that the stack brought. */
  file(place: Place): Promise<string>;
  /** `url` may be used by whoever knows it: it is never logged. Throws when the answer was not taken. */
  answer(url: string, answer: CustomResourceResponse): Promise<void>;
}

/** Milliseconds between looks at a file: a policy that the same stack update has changed takes a while to be in force. */
const waits = [2_000, 5_000, 10_000, 20_000, 30_000] as const;

/** CloudFormation wants at most 4,096 bytes. */
const longestReason = 1000;

/** Requests with files in S3, answered by HTTP. */
export function createCustomResourceService(
  s3: S3Client,
  wait: (ms: number) => Promise<unknown> = sleep,
): CustomResourceService {
  return {
    async file(place) {
      for (const ms of waits) {
        const text = await textUnlessDenied(s3, place);
        if (text !== null) return text;
        await wait(ms);
      }
      return textAt(s3, place);
    },
    async answer(url, answer) {
      const response = await fetch(url, {
        method: 'PUT',
        // the URL is signed for a request without one
        headers: { 'content-type': '' },
        body: JSON.stringify({ ...answer, Reason: answer.Reason.slice(0, longestReason) }),
      });
      if (!response.ok) throw new Error(`CloudFormation did not take the answer: HTTP ${response.status}`);
    },
  };
}

async function textUnlessDenied(s3: S3Client, place: Place): Promise<string | null> {
  try {
    return await textAt(s3, place);
  } catch (error) {
    if (error instanceof Error && error.name === 'AccessDenied') return null;
    throw error;
  }
}

async function textAt(s3: S3Client, { bucket, key }: Place): Promise<string> {
  const { Body } = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
  return (await Body?.transformToString('utf8')) ?? '';
}
