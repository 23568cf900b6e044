import { GetObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import * as z from 'zod/mini';
import { channelLimits } from '../../core/bounds/channels.ts';
import { cutText } from '../../core/bounds/cut-text.ts';
import type { S3Location } from '../../core/rollout/rollout.ts';
import { whileDenied } from '../while-denied.ts';

/** The request of CloudFormation for a custom resource. */
export const CustomResourceRequest = z.object({
  RequestType: z.enum(['Create', 'Update', 'Delete']),
  ResponseURL: z.string(),
  StackId: z.string(),
  RequestId: z.string(),
  LogicalResourceId: z.string(),
  PhysicalResourceId: z.optional(z.string()),
  ResourceProperties: z.unknown(),
});

/** The response for a custom resource, with the field names of CloudFormation. */
export interface CustomResourceResponse {
  readonly Status: 'SUCCESS' | 'FAILED';
  /** Shown in the events of the stack, as far as it fits into the response. */
  readonly Reason: string;
  readonly PhysicalResourceId: string;
  readonly StackId: string;
  readonly RequestId: string;
  readonly LogicalResourceId: string;
  /** The attributes of the resource. */
  readonly Data?: Readonly<Record<string, string>>;
}

/** The files and the responses of a CloudFormation custom resource. */
export interface CustomResourceService {
  /** The text of a file that the stack has uploaded. */
  readFile(place: S3Location): Promise<string>;
  /** `url` is signed and must never be logged. Throws if CloudFormation does not accept the response. */
  respond(url: string, response: CustomResourceResponse): Promise<void>;
}

/** Files in S3, responses over HTTP. */
export function createCustomResourceService(
  s3: S3Client,
  wait?: (ms: number) => Promise<unknown>,
): CustomResourceService {
  return {
    readFile: (place) => whileDenied(() => textAt(s3, place), wait),
    async respond(url, response) {
      const received = await fetch(url, {
        method: 'PUT',
        // the URL is signed for a request without a content type
        headers: { 'content-type': '' },
        body: responseText(response),
      });
      if (!received.ok)
        throw new Error(`CloudFormation did not accept the response: HTTP ${received.status}`);
    },
  };
}

/** The events of a stack show about this many bytes of a reason. */
const maximumReasonBytes = 1_000;

/** The other fields stay whole, so the reason gets the bytes that they leave. */
function responseText(response: CustomResourceResponse): string {
  const others = Buffer.byteLength(JSON.stringify({ ...response, Reason: '' }));
  const room = channelLimits.customResourceResponse - others;
  const Reason = cutText(response.Reason, Math.min(maximumReasonBytes, room), 'ends');
  return JSON.stringify({ ...response, Reason });
}

async function textAt(s3: S3Client, { bucket, key }: S3Location): Promise<string> {
  const { Body } = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
  return (await Body?.transformToString('utf8')) ?? '';
}
