import type * as z from 'zod/mini';
import type { TaskSummary } from '../../core/deployment/task-input.ts';
import { logger } from '../../services/logger.ts';
import type {
  CustomResourceRequest,
  CustomResourceResponse,
  CustomResourceService,
} from '../../services/registry/custom-resource.ts';

interface CustomResource {
  /** Never change this value: CloudFormation would delete the resource with the previous id. */
  readonly physicalId: string;
  /** The log message of a failure. */
  readonly failure: string;
  readonly work: () => Promise<Pick<CustomResourceResponse, 'Data'> & TaskSummary>;
}

/**
 * Does the work that CloudFormation requests, and always sends a response. The reason of a failure appears in the events of
 * the stack. Throws only if CloudFormation does not accept the response.
 */
export async function answerCustomResource(
  service: Pick<CustomResourceService, 'respond'>,
  request: z.infer<typeof CustomResourceRequest>,
  { physicalId, ...resource }: CustomResource,
): Promise<TaskSummary> {
  const { ResponseURL, StackId, RequestId, LogicalResourceId, PhysicalResourceId = physicalId } = request;
  const { summary, ...response } = await responseOf(resource);
  const ids = { PhysicalResourceId, StackId, RequestId, LogicalResourceId };
  await service.respond(ResponseURL, { ...response, Reason: summary, ...ids });
  return { summary };
}

async function responseOf({ failure, work }: Pick<CustomResource, 'failure' | 'work'>) {
  try {
    return { Status: 'SUCCESS', ...(await work()) } as const;
  } catch (error) {
    const { name, message } = error instanceof Error ? error : { name: 'Error', message: String(error) };
    logger.error(failure, { reason: name });
    return { Status: 'FAILED', summary: `${name}: ${message}` } as const;
  }
}
