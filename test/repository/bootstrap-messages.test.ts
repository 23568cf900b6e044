import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const root = join(import.meta.dirname, '../..');

/** Where the bootstrap script writes a message or a part of one. */
const message = /(?:fail|fail_writing|log|cause=|cause:-|printf '%s') ?(?:"([^"]*)"|'([^']*)')/g;

/** The first sentence of each message of the bootstrap script. A value that the script inserts is written as `…`. */
function firstSentences(): string[] {
  const script = readFileSync(join(root, 'agent-scripts/bootstrap.sh'), 'utf8').replaceAll('\\\n', '');
  const messages = [...script.matchAll(message)].map(([, quoted, plain]) => quoted ?? plain ?? '');
  const sentences = messages
    .map(
      (text) =>
        text
          .replaceAll(/\$\(.*?\)+|\$\{[^}]*\}|\$\w+/g, '…')
          .replaceAll(/…+/g, '…')
          .split(/\. |\.$/)[0] ?? '',
    )
    .filter((sentence) => sentence.split(' ').length > 3);
  return [...new Set(sentences)];
}

test('Troubleshooting explains every message with which the bootstrap script refuses to start the agent', () => {
  const page = readFileSync(join(root, 'docs/troubleshooting.md'), 'utf8');
  const sentences = firstSentences();

  expect(sentences.length).toBeGreaterThan(40);
  expect(sentences.filter((sentence) => !page.includes(sentence))).toEqual([]);
});
