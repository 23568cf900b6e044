import { Stack } from 'aws-cdk-lib';
import { FunctionUrlAuthType } from 'aws-cdk-lib/aws-lambda';
import { CertferryError } from '../../core/errors.ts';
import type { Functions } from './functions.ts';

/**
 * Adds a link to approval requests. The link is a public address without IAM, because a mail reader has no AWS credentials.
 * A secret protects it: each request has its own, and certferry stores only its hash. Only the function that sends requests
 * gets the address, so the resources do not depend on each other in a circle.
 *
 * @throws CertferryError InvalidRequest in a partition without function URLs. In GovCloud, CloudFormation lacks the type (cfn-lint,
 *   E3006); in China, Lambda lacks them (https://docs.amazonaws.cn/en_us/aws/latest/userguide/lambda.html).
 */
export function addApprovalLinks(functions: Functions): void {
  const { partition } = Stack.of(functions);
  if (['aws-cn', 'aws-us-gov'].includes(partition)) {
    throw new CertferryError(
      'InvalidRequest',
      `Invalid properties of Certferry:\n  approvalLinks: function URLs are not available in the partition ${partition}. Remove it, and decide with \`certferry approve\`.`,
    );
  }
  const { url } = functions
    .get('decide-approval')
    .lambda.addFunctionUrl({ authType: FunctionUrlAuthType.NONE });
  functions.setVariable(['ask-approval'], 'APPROVAL_URL', url);
}
