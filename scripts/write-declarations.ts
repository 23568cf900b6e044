/** Writes the declarations of `certferry/cdk`, once as those of an ES module and once for CommonJS. */
import { spawnSync } from 'node:child_process';
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const root = join(import.meta.dirname, '..');
const declarations = join(root, 'node_modules/.cache/declarations');

rmSync(declarations, { recursive: true, force: true });
const compiler = join(root, 'node_modules/typescript/bin/tsc');
const { status } = spawnSync(process.execPath, [compiler, '-p', join(root, 'tsconfig.declarations.json')], {
  stdio: 'inherit',
});
if (status !== 0) process.exit(1);

for (const [folder, type] of [
  ['types', 'module'],
  ['types-commonjs', 'commonjs'],
] as const) {
  const target = join(root, 'dist', folder);
  rmSync(target, { recursive: true, force: true });
  for (const file of reachedFrom('cdk/index.ts')) cpSync(join(declarations, file), join(target, file));
  writeFileSync(join(target, 'package.json'), `${JSON.stringify({ type })}\n`);
}

/** The declarations that these of a module import, with their own. */
function reachedFrom(module: string, reached = new Set<string>()): Set<string> {
  const file = module.replace(/\.ts$/, '.d.ts');
  if (reached.has(file)) return reached;
  reached.add(file);
  const text = readFileSync(join(declarations, file), 'utf8');
  for (const [, path = ''] of text.matchAll(/['"](\.\.?\/[^'"]+\.ts)['"]/g))
    reachedFrom(join(dirname(file), path), reached);
  return reached;
}
