import * as z from 'zod/mini';
import { TaskSummary } from '../../../core/deployment/task-input.ts';
import { type Registrations, readRegistrations } from '../../../core/registry/registrations.ts';
import type { Catalogue } from '../../../services/registry/catalogue.ts';
import {
  CustomResourceRequest,
  type CustomResourceService,
} from '../../../services/registry/custom-resource.ts';
import { answerCustomResource } from '../../registration/answer-custom-resource.ts';
import { syncCatalogue } from '../../registration/sync-catalogue.ts';
import { task } from '../../runtime/task.ts';
import { catalogue, customResource } from '../../runtime/wiring.ts';

type Request = z.infer<typeof CustomResourceRequest>;

const Properties = z.object({
  Bucket: z.string(),
  Key: z.string(),
  Values: z._default(z.array(z.string()), []),
});

interface Services {
  readonly catalogue: Catalogue;
  readonly customResource: CustomResourceService;
}

/**
 * Not a state: CloudFormation calls it when a stack is deployed or deleted. It makes the registry equal to the list of the
 * stack; when the list is deleted, it removes the entries of the stack. A repeated call changes nothing more.
 */
export const createHandler =
  (by: Services) =>
  (input: Request): Promise<TaskSummary> =>
    answerCustomResource(by.customResource, input, {
      physicalId: 'certferry-registry',
      failure: 'the registry could not be synchronized with the stack',
      async work() {
        const { written, removed } = await syncCatalogue(by.catalogue, await readDesired(by, input));
        return { summary: `${written} written, ${removed} removed` };
      },
    });

/** Null when the stack is deleted. */
async function readDesired(
  by: Services,
  { RequestType, ResourceProperties }: Request,
): Promise<Registrations | null> {
  if (RequestType === 'Delete') return null;
  const { Bucket: bucket, Key: key, Values } = Properties.parse(ResourceProperties);
  return readRegistrations(await by.customResource.readFile({ bucket, key }), Values);
}

export const handler = task('SyncRegistry', {
  input: CustomResourceRequest,
  result: TaskSummary,
  build: () => createHandler({ catalogue: catalogue(), customResource: customResource() }),
});
