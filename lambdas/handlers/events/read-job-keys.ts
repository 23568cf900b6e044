import * as z from 'zod/mini';
import { TaskSummary } from '../../../core/deployment/task-input.ts';
import { jobKeysText } from '../../../core/seal/job-keys.ts';
import {
  CustomResourceRequest,
  type CustomResourceService,
} from '../../../services/registry/custom-resource.ts';
import type { PublicKeys } from '../../../services/signing/kms-public-keys.ts';
import { answerCustomResource } from '../../registration/answer-custom-resource.ts';
import { task } from '../../runtime/task.ts';
import { customResource, publicKeys } from '../../runtime/wiring.ts';

type Request = z.infer<typeof CustomResourceRequest>;

const Properties = z.object({ KeyArns: z.array(z.string()).check(z.minLength(1)) });

interface Services {
  readonly publicKeys: PublicKeys;
  readonly customResource: Pick<CustomResourceService, 'respond'>;
}

/**
 * Not a state: CloudFormation calls it when a stack is deployed or deleted. It returns the public keys that the SSM document
 * accepts for the signatures of jobs.
 */
export const createHandler =
  (by: Services) =>
  (input: Request): Promise<TaskSummary> =>
    answerCustomResource(by.customResource, input, {
      physicalId: 'certferry-job-keys',
      failure: 'the public keys could not be read',
      work: () => readKeys(by, input),
    });

async function readKeys({ publicKeys: keys }: Services, { RequestType, ResourceProperties }: Request) {
  if (RequestType === 'Delete') return { summary: 'nothing to delete', Data: {} };
  const { KeyArns } = Properties.parse(ResourceProperties);
  const found = await Promise.all(KeyArns.map((arn) => keys.read(arn)));
  return { summary: `${found.length} read`, Data: { JobKeys: jobKeysText(found) } };
}

export const handler = task('ReadJobKeys', {
  input: CustomResourceRequest,
  result: TaskSummary,
  build: () => createHandler({ publicKeys: publicKeys(), customResource: customResource() }),
});
