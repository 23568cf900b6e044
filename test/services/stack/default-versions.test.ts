// The versions of one document in memory stand in for SSM: they cannot show its permissions or its delays.
import {
  GetDocumentCommand,
  ListDocumentVersionsCommand,
  SSMClient,
  UpdateDocumentDefaultVersionCommand,
} from '@aws-sdk/client-ssm';
import { describe, expect, test } from 'vitest';
import { createDefaultVersions } from '../../../services/stack/default-versions.ts';

/** A document with these contents as versions 1, 2, …, and a default version. */
function aDocument(contents: readonly object[], defaultVersion: number) {
  const document = { default: String(defaultVersion), reads: 0 };
  const ssm = new SSMClient({ region: 'eu-west-1' });
  ssm.send = async (command: unknown) => {
    if (command instanceof GetDocumentCommand) {
      document.reads += 1;
      const { DocumentVersion = document.default } = command.input;
      return { Content: JSON.stringify(contents[Number(DocumentVersion) - 1], null, 2) };
    }
    if (command instanceof ListDocumentVersionsCommand)
      return { DocumentVersions: contents.map((_, index) => ({ DocumentVersion: String(index + 1) })) };
    if (command instanceof UpdateDocumentDefaultVersionCommand) {
      document.default = String(command.input.DocumentVersion);
      return {};
    }
    throw new Error('unexpected request');
  };
  const correct = (content: object) =>
    createDefaultVersions(ssm).correct({ name: 'certferry-agent', content: JSON.stringify(content) });
  return { document, correct };
}

const old = { schemaVersion: '2.2', maxChars: 1 };
const current = { schemaVersion: '2.2', maxChars: 2 };

describe('the default version of a document', () => {
  test('The default version becomes the new version that CloudFormation did not make the default', async () => {
    const { document, correct } = aDocument([old, current], 1);

    expect(await correct(current)).toBe('2');
    expect(document.default).toBe('2');
  });

  test('The default version stays, after one request, if it has the content of the stack', async () => {
    const { document, correct } = aDocument([old, current], 2);

    expect(await correct(current)).toBeNull();
    expect(document).toEqual({ default: '2', reads: 1 });
  });

  test('The default version returns to the previous content when CloudFormation rolls an update back', async () => {
    const { document, correct } = aDocument([old, current], 2);

    expect(await correct(old)).toBe('1');
    expect(document.default).toBe('1');
  });

  test('The newest of several versions with the content becomes the default version', async () => {
    const { correct } = aDocument([old, current, old, ...Array(8).fill(current)], 1);

    expect(await correct(current)).toBe('11');
  });

  test('A number that CloudFormation passes as text is the same content', async () => {
    expect(await aDocument([current], 1).correct({ ...current, maxChars: '2' })).toBeNull();
  });

  test('A document without a version of the stack keeps its default version, and the error names it', async () => {
    const { document, correct } = aDocument([old], 1);

    await expect(correct(current)).rejects.toThrow(
      'No version of the SSM document certferry-agent has the content of the stack. Deploy the stack again.',
    );
    expect(document.default).toBe('1');
  });
});
