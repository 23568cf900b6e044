import { type CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { whileDenied } from '../while-denied.ts';

/** What CloudFormation does with a stack. */
export interface StackStatus {
  /** True while CloudFormation undoes the failed first deployment of a stack. */
  isUndoingCreation(stackId: string): Promise<boolean>;
}

/** The status from CloudFormation. */
export function createStackStatus(
  client: CloudFormationClient,
  wait?: (ms: number) => Promise<unknown>,
): StackStatus {
  return {
    async isUndoingCreation(StackName) {
      const command = new DescribeStacksCommand({ StackName });
      const { Stacks: [stack] = [] } = await whileDenied(() => client.send(command), wait);
      return stack?.StackStatus === 'ROLLBACK_IN_PROGRESS';
    },
  };
}
