import { type CloudFormationClient, DescribeStacksCommand, type Stack } from '@aws-sdk/client-cloudformation';
import * as z from 'zod/mini';
import { CertferryError } from '../../core/errors.ts';

const text = z.string().check(z.minLength(1));

/** What the construct tells of itself (`cdk/certferry.ts`), as far as it is needed to work with it. */
const Outputs = z.object({
  DeployTargetArn: text,
  RolloutArn: text,
  DocumentName: text,
  LocksTableName: text,
  RegistryTableName: text,
  DeploymentsTableName: text,
  WorkBucketName: text,
  NotificationsTopicArn: text,
});
export type Outputs = z.infer<typeof Outputs>;

/** A stack with its outputs. `status` is CloudFormation's, such as UPDATE_COMPLETE. */
export interface ReadStack {
  readonly name: string;
  readonly status: string;
  readonly outputs: Outputs;
}

/** Reads a stack's outputs. Throws StackUnusable when it is not there, or is not one of certferry's. */
export async function readStack(cloudFormation: CloudFormationClient, name: string): Promise<ReadStack> {
  const found = await describe(cloudFormation, name);
  const given = Object.fromEntries(
    (found.Outputs ?? []).map(({ OutputKey, OutputValue }) => [OutputKey, OutputValue]),
  );
  const outputs = z.safeParse(Outputs, given);
  if (outputs.success) return { name, status: found.StackStatus ?? '', outputs: outputs.data };
  const missing = outputs.error.issues.map(({ path }) => path.join('.'));
  throw new CertferryError(
    'StackUnusable',
    `stack ${name} (${found.StackStatus}) does not have the outputs ${missing.join(', ')}: is it a certferry stack, and is it up to date? "npx cdk deploy" updates it`,
    { details: { stack: name, missing } },
  );
}

async function describe(cloudFormation: CloudFormationClient, name: string): Promise<Stack> {
  try {
    const { Stacks = [] } = await cloudFormation.send(new DescribeStacksCommand({ StackName: name }));
    const [stack] = Stacks;
    if (stack !== undefined) return stack;
  } catch (error) {
    if (!(error instanceof Error) || error.name !== 'ValidationError') throw error;
  }
  const region = await cloudFormation.config.region();
  throw new CertferryError(
    'StackUnusable',
    `there is no stack ${name} in ${region} of this account: is the region right (--region), and the account (--profile)?`,
    { details: { stack: name, region } },
  );
}
