import * as z from 'zod/mini';
import { TaskSummary } from '../../../core/deployment/task-input.ts';
import { type Registrations, readRegistrations } from '../../../core/registry/registrations.ts';
import { logger } from '../../../services/logger.ts';
import type { Catalogue } from '../../../services/registry/catalogue.ts';
import {
  CustomResourceRequest,
  type CustomResourceService,
} from '../../../services/registry/custom-resource.ts';
import { syncCatalogue } from '../../registration/sync-catalogue.ts';
import { task } from '../../runtime/task.ts';
import { catalogue, customResource } from '../../runtime/wiring.ts';

type Request = z.infer<typeof CustomResourceRequest>;

const Properties = z.object({
  Bucket: z.string(),
  Key: z.string(),
  Values: z._default(z.array(z.string()), []),
});

/** Never change this value: CloudFormation would delete the resource with the previous id. */
const physicalId = 'certferry-registry';

interface Services {
  readonly catalogue: Catalogue;
  readonly customResource: CustomResourceService;
}

/**
 * Not a state: CloudFormation calls it when a stack is deployed or deleted. It makes the registry equal to the list of the
 * stack; when the list is deleted, it removes the entries of the stack. CloudFormation always gets a response. The reason
 * of a failure appears in the events of the stack. A repeated call changes nothing more.
 */
export const createHandler =
  (by: Services) =>
  async (input: Request): Promise<TaskSummary> => {
    const { StackId, RequestId, LogicalResourceId, PhysicalResourceId = physicalId } = input;
    const result = await synchronize(by, input);
    await by.customResource.respond(input.ResponseURL, {
      Status: result.ok ? 'SUCCESS' : 'FAILED',
      Reason: result.summary,
      PhysicalResourceId,
      StackId,
      RequestId,
      LogicalResourceId,
    });
    return { summary: result.summary };
  };

async function synchronize(by: Services, input: Request): Promise<{ ok: boolean; summary: string }> {
  try {
    const { written, removed } = await syncCatalogue(by.catalogue, await readDesired(by, input));
    return { ok: true, summary: `${written} written, ${removed} removed` };
  } catch (error) {
    const { name, message } = error instanceof Error ? error : { name: 'Error', message: String(error) };
    logger.error('the registry could not be synchronized with the stack', { reason: name });
    return { ok: false, summary: `${name}: ${message}` };
  }
}

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
