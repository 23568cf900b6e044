import { GetDocumentCommand, type SSMClient } from '@aws-sdk/client-ssm';
import { answered } from '../stack/aws-calls.ts';
import type { StackDescription } from '../stack/outputs.ts';

/** What hosts download, as the deployed document names it. */
export interface Downloads {
  /** The second part of every ARN of the account. */
  readonly partition: string;
  readonly bucket: string;
  readonly key: string;
  /** Whether hosts fetch a runtime, or have their own Node. */
  readonly fetchesRuntime: boolean;
}

/** Reads the assignments of the deployed document. Throws what SSM throws. */
export async function readDownloads(ssm: SSMClient, { outputs }: StackDescription): Promise<Downloads> {
  const Name = outputs.DocumentName;
  const { Content } = await ssm.send(new GetDocumentCommand({ Name }));
  const text = answered(Content, { service: 'SSM', call: 'GetDocument' }, 'Content');
  const [, bucket = '', key = ''] = /AGENT_URL='s3:\/\/([^/']+)\/([^']+)'/.exec(text) ?? [];
  const [, partition = ''] = outputs.DeployTargetArn.split(':');
  return { partition, bucket, key, fetchesRuntime: !text.includes("RUNTIME_URL='host'") };
}
