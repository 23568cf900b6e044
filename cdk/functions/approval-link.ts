import { FunctionUrlAuthType } from 'aws-cdk-lib/aws-lambda';
import type { Functions } from './functions.ts';

/**
 * Adds a link to approval requests. The link is a public address without IAM, because a mail reader has no AWS credentials.
 * A secret protects it: each request has its own, and certferry stores only its hash. Only the function that sends requests
 * gets the address, so the resources do not depend on each other in a circle.
 */
export function addApprovalLinks(functions: Functions): void {
  const { url } = functions
    .get('decide-approval')
    .lambda.addFunctionUrl({ authType: FunctionUrlAuthType.NONE });
  functions.setVariable(['ask-approval'], 'APPROVAL_URL', url);
}
