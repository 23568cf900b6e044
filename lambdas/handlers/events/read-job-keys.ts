import * as z from 'zod/mini';
import { TaskSummary } from '../../../core/deployment/task-input.ts';
import { jobKeysText } from '../../../core/seal/job-keys.ts';
import { logger } from '../../../services/logger.ts';
import {
  CustomResourceRequest,
  type CustomResourceService,
} from '../../../services/registry/custom-resource.ts';
import type { PublicKeys } from '../../../services/signing/kms-public-keys.ts';
import { task } from '../../runtime/task.ts';
import { customResource, publicKeys } from '../../runtime/wiring.ts';

type Request = z.infer<typeof CustomResourceRequest>;

const Properties = z.object({ KeyArns: z.array(z.string()).check(z.minLength(1)) });

/** Never change this value: CloudFormation would delete the resource with the previous id. */
const physicalId = 'certferry-job-keys';

interface Services {
  readonly publicKeys: PublicKeys;
  readonly customResource: CustomResourceService;
}

/**
 * Not a state: CloudFormation calls it when a stack is deployed or deleted. It returns the public keys that the SSM document
 * accepts for the signatures of jobs. CloudFormation always gets a response.
 */
export const createHandler =
  (by: Services) =>
  async (input: Request): Promise<TaskSummary> => {
    const { StackId, RequestId, LogicalResourceId, PhysicalResourceId = physicalId } = input;
    const { ok, summary, data } = await readKeys(by, input);
    await by.customResource.respond(input.ResponseURL, {
      Status: ok ? 'SUCCESS' : 'FAILED',
      Reason: summary,
      PhysicalResourceId,
      StackId,
      RequestId,
      LogicalResourceId,
      Data: data,
    });
    return { summary };
  };

async function readKeys({ publicKeys: keys }: Services, { RequestType, ResourceProperties }: Request) {
  if (RequestType === 'Delete') return { ok: true, summary: 'nothing to delete', data: {} };
  try {
    const { KeyArns } = Properties.parse(ResourceProperties);
    const found = await Promise.all(KeyArns.map((arn) => keys.read(arn)));
    return { ok: true, summary: `${found.length} read`, data: { JobKeys: jobKeysText(found) } };
  } catch (error) {
    const { name, message } = error instanceof Error ? error : { name: 'Error', message: String(error) };
    logger.error('the public keys could not be read', { reason: name });
    return { ok: false, summary: `${name}: ${message}`, data: {} };
  }
}

export const handler = task('ReadJobKeys', {
  input: CustomResourceRequest,
  result: TaskSummary,
  build: () => createHandler({ publicKeys: publicKeys(), customResource: customResource() }),
});
