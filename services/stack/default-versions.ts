import { isDeepStrictEqual } from 'node:util';
import {
  GetDocumentCommand,
  paginateListDocumentVersions,
  type SSMClient,
  UpdateDocumentDefaultVersionCommand,
} from '@aws-sdk/client-ssm';
import { whileDenied } from '../while-denied.ts';

/** The default versions of SSM documents. */
export interface DefaultVersions {
  /**
   * Makes the newest version with this content the default version, if the default version has another content. CloudFormation
   * may report success without doing so (https://github.com/aws-cloudformation/cloudformation-coverage-roadmap/issues/2539).
   * Returns the number of the new default version, or null without a change. Throws if no version has the content.
   */
  correct(document: { readonly name: string; readonly content: string }): Promise<string | null>;
}

/** Default versions through SSM. */
export function createDefaultVersions(
  ssm: SSMClient,
  wait?: (ms: number) => Promise<unknown>,
): DefaultVersions {
  const has = async (name: string, expected: unknown, DocumentVersion?: string): Promise<boolean> => {
    const command = new GetDocumentCommand({ Name: name, ...(DocumentVersion && { DocumentVersion }) });
    const { Content = '{}' } = await whileDenied(() => ssm.send(command), wait);
    return isDeepStrictEqual(parsed(Content), expected);
  };
  return {
    async correct({ name, content }) {
      const expected = parsed(content);
      if (await has(name, expected)) return null;
      for (const version of await versionsOf(ssm, name)) {
        if (!(await has(name, expected, version))) continue;
        await ssm.send(new UpdateDocumentDefaultVersionCommand({ Name: name, DocumentVersion: version }));
        return version;
      }
      throw new Error(
        `No version of the SSM document ${name} has the content of the stack. Deploy the stack again.`,
      );
    },
  };
}

/** All versions, newest first. */
async function versionsOf(client: SSMClient, Name: string): Promise<string[]> {
  const versions: string[] = [];
  for await (const { DocumentVersions = [] } of paginateListDocumentVersions({ client }, { Name })) {
    versions.push(...DocumentVersions.flatMap(({ DocumentVersion }) => DocumentVersion ?? []));
  }
  return versions.sort((a, b) => Number(b) - Number(a));
}

/** CloudFormation may turn a number or a boolean of a document into text. */
const parsed = (content: string): unknown =>
  JSON.parse(content, (_, value) =>
    typeof value === 'number' || typeof value === 'boolean' ? String(value) : value,
  );
