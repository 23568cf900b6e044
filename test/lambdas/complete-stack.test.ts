// A map of documents and tables stands in for SSM and DynamoDB: it cannot show permissions or the limits of the services.
import { describe, expect, test } from 'vitest';
import { createHandler } from '../../lambdas/handlers/events/complete-stack.ts';
import type { CustomResourceResponse } from '../../services/registry/custom-resource.ts';

interface World {
  readonly corrects?: (name: string) => string | null;
  readonly isUndoingCreation?: boolean;
}

async function respond(RequestType: 'Create' | 'Update' | 'Delete', world: World = {}) {
  const { corrects = () => null, isUndoingCreation = false } = world;
  const responses: CustomResourceResponse[] = [];
  const protection: [string, boolean][] = [];
  const handler = createHandler({
    defaultVersions: { correct: async ({ name }) => corrects(name) },
    tableProtection: { set: async (table, isProtected) => void protection.push([table, isProtected]) },
    stackStatus: { isUndoingCreation: async () => isUndoingCreation },
    customResource: { respond: async (_, response) => void responses.push(response) },
  });
  await handler({
    RequestType,
    ResponseURL: 'u',
    StackId: 's',
    RequestId: 'r',
    LogicalResourceId: 'l',
    ResourceProperties: {
      ServiceToken: 'f',
      Tables: ['locks', 'registry'],
      Documents: [
        { Name: 'certferry-agent', Content: '{}' },
        { Name: 'certferry-probe', Content: '{}' },
      ],
    },
  });
  return { response: responses[0], protection };
}

describe('CompleteStack', () => {
  test.each(['Create', 'Update'] as const)(
    'CompleteStack protects the tables after CloudFormation has done everything else (%s)',
    async (type) => {
      const { response, protection } = await respond(type);

      expect(response).toMatchObject({ Status: 'SUCCESS', Reason: 'default versions corrected: none' });
      expect(protection).toEqual([
        ['locks', true],
        ['registry', true],
      ]);
    },
  );

  test('CompleteStack reports each document whose new version was not the default version', async () => {
    const { response } = await respond('Update', {
      corrects: (name) => (name === 'certferry-agent' ? '7' : null),
    });

    expect(response?.Reason).toBe('default versions corrected: certferry-agent (version 7)');
  });

  test('CompleteStack fails the deployment of the stack when a document has no version of the stack', async () => {
    const { response } = await respond('Update', {
      corrects: () => {
        throw new Error('No version of the SSM document certferry-agent has the content of the stack.');
      },
    });

    expect(response).toMatchObject({ Status: 'FAILED', Reason: expect.stringContaining('No version') });
  });

  test('CompleteStack removes the protection when the first deployment of the stack has failed', async () => {
    const { response, protection } = await respond('Delete', { isUndoingCreation: true });

    expect(response?.Status).toBe('SUCCESS');
    expect(protection).toEqual([
      ['locks', false],
      ['registry', false],
    ]);
  });

  test('CompleteStack keeps the protection when you delete the stack', async () => {
    const { response, protection } = await respond('Delete');

    expect(response?.Status).toBe('SUCCESS');
    expect(protection).toEqual([]);
  });
});
