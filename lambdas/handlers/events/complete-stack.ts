import * as z from 'zod/mini';
import { TaskSummary } from '../../../core/deployment/task-input.ts';
import {
  CustomResourceRequest,
  type CustomResourceService,
} from '../../../services/registry/custom-resource.ts';
import type { DefaultVersions } from '../../../services/stack/default-versions.ts';
import type { StackStatus } from '../../../services/stack/stack-status.ts';
import type { TableProtection } from '../../../services/stack/table-protection.ts';
import { answerCustomResource } from '../../registration/answer-custom-resource.ts';
import { task } from '../../runtime/task.ts';
import { customResource, defaultVersions, stackStatus, tableProtection } from '../../runtime/wiring.ts';

type Request = z.infer<typeof CustomResourceRequest>;

const Properties = z.object({
  Tables: z.array(z.string()).check(z.minLength(1)),
  Documents: z.array(z.object({ Name: z.string(), Content: z.string() })).check(z.minLength(1)),
});

interface Services {
  readonly defaultVersions: DefaultVersions;
  readonly tableProtection: TableProtection;
  readonly stackStatus: StackStatus;
  readonly customResource: Pick<CustomResourceService, 'respond'>;
}

/**
 * Not a state: CloudFormation calls it as the last step of each deployment of the stack. It makes the documents of the stack the
 * default versions, and protects the tables. A failed first deployment removes the protection: CloudFormation could not delete
 * the empty tables otherwise.
 */
export const createHandler =
  (by: Services) =>
  (input: Request): Promise<TaskSummary> =>
    answerCustomResource(by.customResource, input, {
      physicalId: 'certferry-stack',
      failure: 'the stack could not be completed',
      work: () => complete(by, input),
    });

async function complete(by: Services, { RequestType, ResourceProperties, StackId }: Request) {
  const { Tables, Documents } = Properties.parse(ResourceProperties);
  if (RequestType === 'Delete') {
    if (!(await by.stackStatus.isUndoingCreation(StackId))) return { summary: 'the tables stay protected' };
    await Promise.all(Tables.map((table) => by.tableProtection.set(table, false)));
    return { summary: 'the tables are no longer protected: their stack was not created' };
  }
  const corrected: string[] = [];
  for (const { Name, Content } of Documents) {
    const version = await by.defaultVersions.correct({ name: Name, content: Content });
    if (version !== null) corrected.push(`${Name} (version ${version})`);
  }
  await Promise.all(Tables.map((table) => by.tableProtection.set(table, true)));
  return { summary: `default versions corrected: ${corrected.join(', ') || 'none'}` };
}

export const handler = task('CompleteStack', {
  input: CustomResourceRequest,
  result: TaskSummary,
  build: () =>
    createHandler({
      defaultVersions: defaultVersions(),
      tableProtection: tableProtection(),
      stackStatus: stackStatus(),
      customResource: customResource(),
    }),
});
