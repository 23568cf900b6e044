import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { renderCommonTypes, renderKindTypes } from './render-input-types.ts';

const root = join(import.meta.dirname, '..');

/** The text of each generated file with types, by its path in the repository. Not formatted. */
export const inputFiles = (): Readonly<Record<string, string>> => ({
  'cdk/inputs/common-types.ts': renderCommonTypes(),
  'cdk/inputs/kind-types.ts': renderKindTypes(),
});

/** The text as Biome formats it. Throws if it is not TypeScript. */
export function formatted(text: string, file: string): string {
  const program = join(root, 'node_modules/.bin/biome');
  const { status, stdout, stderr } = spawnSync(program, ['format', `--stdin-file-path=${file}`], {
    cwd: root,
    input: text,
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`biome format ${file} failed: ${stderr}`);
  return stdout;
}

/** The text of docs/api.md, from the comments of the construct. Throws if a comment or an export is missing. */
export function apiPage(): string {
  const program = join(root, 'node_modules/typedoc/bin/typedoc');
  const { status, stdout, stderr } = spawnSync(process.execPath, [program], { cwd: root, encoding: 'utf8' });
  if (status !== 0) throw new Error(`typedoc failed: ${stdout}${stderr}`);
  const text = readFileSync(join(root, 'node_modules/.cache/api/api.md'), 'utf8');
  return text.replace('\n\n', `\n\n${introduction}\n\n`);
}

const introduction = `This page lists every type of the construct. \`node scripts/write-api.ts\` writes it from the comments in \`cdk/\` and the schemas in
\`core/\`. [Deploying](deploying.md) explains how to use them.`;
