import { FunctionUrlAuthType } from 'aws-cdk-lib/aws-lambda';
import type { Functions } from './functions.ts';

/**
 * Gives questions to people a link that answers them: a public address without IAM, because whoever clicks it in a
 * mail has no credentials. What guards it is the secret in the link, one for each question, of which only a hash is
 * kept. The one that asks is told the address, the one that answers knows nothing of it, so there is no circle.
 */
export function linkApproval(functions: Functions): void {
  const { url } = functions
    .get('decide-approval')
    .lambda.addFunctionUrl({ authType: FunctionUrlAuthType.NONE });
  functions.tell(['ask-approval'], 'APPROVAL_URL', url);
}
