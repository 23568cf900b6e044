import { type CloudFormationClient, DescribeStacksCommand, type Stack } from '@aws-sdk/client-cloudformation';
import * as z from 'zod/mini';
import { CertferryError } from '../../core/errors.ts';
import { answered } from './aws-calls.ts';

const text = z.string().check(z.minLength(1));

/** The outputs of the construct (`cdk/certferry.ts`) that this code needs. */
const Outputs = z.object({
  DeployTargetArn: text,
  RolloutArn: text,
  DocumentName: text,
  LocksTableName: text,
  RegistryTableName: text,
  DeploymentsTableName: text,
  WorkBucketName: text,
  NotificationsTopicArn: text,
  // older stacks have none
  CheckDocumentName: z.optional(text),
});
export type Outputs = z.infer<typeof Outputs>;

/** A stack with its outputs. `status` is CloudFormation's, such as UPDATE_COMPLETE. */
export interface StackDescription {
  readonly name: string;
  readonly status: string;
  readonly outputs: Outputs;
}

/** Reads the outputs of a stack. Throws StackUnusable if the stack is missing or is not a certferry stack. */
export async function readStack(
  cloudFormation: CloudFormationClient,
  name: string,
): Promise<StackDescription> {
  const stack = await describe(cloudFormation, name);
  const values = Object.fromEntries(
    (stack.Outputs ?? []).map(({ OutputKey, OutputValue }) => [OutputKey, OutputValue]),
  );
  const outputs = z.safeParse(Outputs, values);
  if (outputs.success) return { name, status: stack.StackStatus ?? '', outputs: outputs.data };
  const missing = outputs.error.issues.map(({ path }) => path.join('.'));
  throw new CertferryError(
    'StackUnusable',
    `stack ${name} (${stack.StackStatus}) lacks the outputs ${missing.join(', ')}. Name a certferry stack; if it is one, update it with "npx cdk deploy".`,
    { details: { stack: name, missing } },
  );
}

async function describe(cloudFormation: CloudFormationClient, name: string): Promise<Stack> {
  try {
    const { Stacks } = await cloudFormation.send(new DescribeStacksCommand({ StackName: name }));
    const [stack] = answered(Stacks, { service: 'CloudFormation', call: 'DescribeStacks' }, 'Stacks');
    if (stack !== undefined) return stack;
  } catch (error) {
    if (!(error instanceof Error) || error.name !== 'ValidationError') throw error;
  }
  const region = await cloudFormation.config.region();
  throw new CertferryError(
    'StackUnusable',
    `this account has no stack ${name} in ${region}. Check the name, the region (--region) and the account (--profile).`,
    { details: { stack: name, region } },
  );
}
