import * as z from 'zod/mini';
import { TaskSummary } from '../../../core/deployment/task-input.ts';
import { type Registrations, readRegistrations } from '../../../core/registry/registrations.ts';
import { logger } from '../../../services/logger.ts';
import type { Catalogue } from '../../../services/registry/catalogue.ts';
import type { CustomResourceService } from '../../../services/registry/custom-resource.ts';
import { syncCatalogue } from '../../registration/sync-catalogue.ts';
import { task } from '../../runtime/task.ts';
import { catalogue, customResource } from '../../runtime/wiring.ts';

/** What CloudFormation sends for a custom resource. */
const Input = z.object({
  RequestType: z.enum(['Create', 'Update', 'Delete']),
  ResponseURL: z.string(),
  StackId: z.string(),
  RequestId: z.string(),
  LogicalResourceId: z.string(),
  PhysicalResourceId: z.optional(z.string()),
  ResourceProperties: z.unknown(),
});
type Input = z.infer<typeof Input>;

const Properties = z.object({
  Bucket: z.string(),
  Key: z.string(),
  Values: z._default(z.array(z.string()), []),
});

/** The same for ever: another one would have CloudFormation delete the resource by its old one. */
const physicalId = 'certferry-registry';

interface Services {
  readonly catalogue: Catalogue;
  readonly customResource: CustomResourceService;
}

/**
 * Not a state: called by CloudFormation, when a stack is deployed or deleted. Brings the registry to what the stack
 * names; deleting the stack's list removes what it had put there. CloudFormation always gets an answer, since it waits
 * for one: the reason of a failure is what people read in the stack's events. Called again, it does nothing twice.
 */
export const createHandler =
  (by: Services) =>
  async (input: Input): Promise<TaskSummary> => {
    const { StackId, RequestId, LogicalResourceId, PhysicalResourceId = physicalId } = input;
    const ended = await endedHow(by, input);
    await by.customResource.answer(input.ResponseURL, {
      Status: ended.ok ? 'SUCCESS' : 'FAILED',
      Reason: ended.summary,
      PhysicalResourceId,
      StackId,
      RequestId,
      LogicalResourceId,
    });
    return { summary: ended.summary };
  };

async function endedHow(by: Services, input: Input): Promise<{ ok: boolean; summary: string }> {
  try {
    const { written, removed } = await syncCatalogue(by.catalogue, await wanted(by, input));
    return { ok: true, summary: `${written} written, ${removed} removed` };
  } catch (error) {
    const { name, message } = error instanceof Error ? error : { name: 'Error', message: String(error) };
    logger.error('the registry is not what the stack names', { reason: name });
    return { ok: false, summary: `${name}: ${message}` };
  }
}

/** Null when the stack is deleted. */
async function wanted(
  by: Services,
  { RequestType, ResourceProperties }: Input,
): Promise<Registrations | null> {
  if (RequestType === 'Delete') return null;
  const { Bucket: bucket, Key: key, Values } = Properties.parse(ResourceProperties);
  return readRegistrations(await by.customResource.file({ bucket, key }), Values);
}

export const handler = task('SyncRegistry', {
  input: Input,
  result: TaskSummary,
  build: () => createHandler({ catalogue: catalogue(), customResource: customResource() }),
});
