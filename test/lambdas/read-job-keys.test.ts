import { describe, expect, test } from 'vitest';
import { JobKey, readJobKeys } from '../../core/seal/job-keys.ts';
import { createHandler } from '../../lambdas/handlers/events/read-job-keys.ts';
import type { CustomResourceResponse } from '../../services/registry/custom-resource.ts';
import { aJobKey } from '../fixtures/signed-jobs.ts';

const keys = { one: JobKey.parse(aJobKey().pair), two: JobKey.parse(aJobKey().pair) };

/** Calls the handler as CloudFormation does, and returns the response. */
async function respond(RequestType: 'Create' | 'Update' | 'Delete', KeyArns: readonly string[]) {
  const responses: CustomResourceResponse[] = [];
  const handler = createHandler({
    publicKeys: {
      async read(arn) {
        const key = keys[arn as keyof typeof keys];
        if (key === undefined) throw new Error(`there is no key ${arn}`);
        return key;
      },
    },
    customResource: {
      respond: async (_, response) => void responses.push(response),
    },
  });
  const request = { ResponseURL: 'u', StackId: 's', RequestId: 'r', LogicalResourceId: 'l' };
  await handler({ ...request, RequestType, ResourceProperties: { KeyArns } });
  return responses[0];
}

describe('ReadJobKeys', () => {
  test('ReadJobKeys returns the public keys in the order of the stack, within the limit of a response', async () => {
    const response = await respond('Create', ['one', 'two']);

    expect(response).toMatchObject({ Status: 'SUCCESS', PhysicalResourceId: 'certferry-job-keys' });
    expect(readJobKeys(response?.Data?.JobKeys ?? '')).toEqual([keys.one, keys.two]);
    expect(JSON.stringify(response).length).toBeLessThan(4096);
  });

  test('ReadJobKeys reports a key that cannot be read as a failure with its reason', async () => {
    expect(await respond('Update', ['one', 'gone'])).toMatchObject({
      Status: 'FAILED',
      Reason: 'Error: there is no key gone',
    });
  });

  test('ReadJobKeys lets CloudFormation delete the resource without reading a key', async () => {
    expect(await respond('Delete', ['gone'])).toMatchObject({ Status: 'SUCCESS' });
  });
});
