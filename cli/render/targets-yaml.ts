import { Document, isMap, type YAMLMap } from 'yaml';
import type { ProposedTarget } from '../../discovery/propose-targets.ts';

/** The lines before the targets. */
const head = [
  ' yaml-language-server: $schema=certferry.schema.json',
  ' An editor completes and checks this file after: certferry schema > certferry.schema.json',
];

/** Where local mode keeps its data can be set here; the default suits one machine. */
const settingsComment = [
  ' settings:',
  '   state: /var/lib/certferry        the state folder, instead of the default one',
].join('\n');

/** A targets file with a comment before each target. It has comments about settings with `withSettings`. */
export function targetsYaml(proposed: readonly ProposedTarget[], { withSettings = false } = {}): string {
  const document = new Document({ targets: proposed.map(({ target }) => target) });
  document.commentBefore = head.join('\n');
  const list = document.get('targets') as { items: unknown[] };
  for (const [at, item] of list.items.entries()) {
    if (!isMap(item)) continue;
    const map = item as YAMLMap;
    map.commentBefore =
      proposed[at]?.comments.map((line) => ` ${line.replaceAll('\n', ' ')}`).join('\n') ?? '';
    map.spaceBefore = at > 0;
  }
  if (withSettings) document.comment = settingsComment;
  return document.toString({ lineWidth: 0 });
}
