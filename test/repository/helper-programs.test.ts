import { globSync, readFileSync } from 'node:fs';
import ts from 'typescript';
import { expect, test } from 'vitest';

/** Calls that run a program and do not throw if it fails. */
const calls = ['spawnSync', 'runCommand'];

const rooms = '{agent-scripts,account,cdk,cli,lambdas,local,services}/**/*.ts';

/** Where a call of `source` ignores how the program ended: its result is neither kept nor passed on, or its status is not read. */
function ignoredIn(file: string, source: string): string[] {
  const tree = ts.createSourceFile(file, source, ts.ScriptTarget.Latest, true);
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isCallExpression(node) && calls.includes(node.expression.getText()) && !usesResult(node)) {
      found.push(`${file}:${tree.getLineAndCharacterOfPosition(node.getStart()).line + 1}`);
    }
    ts.forEachChild(node, visit);
  };
  visit(tree);
  return found;
}

/** `const { status } = spawnSync(…)`, `spawnSync(…).status`, `const command = await runCommand(…)`, `return runCommand(…)`. */
function usesResult(call: ts.CallExpression): boolean {
  const user = ts.isAwaitExpression(call.parent) ? call.parent.parent : call.parent;
  if (ts.isVariableDeclaration(user)) {
    return !ts.isObjectBindingPattern(user.name) || /\bstatus\b/.test(user.name.getText());
  }
  if (ts.isPropertyAccessExpression(user)) return user.name.text === 'status' || user.name.text === 'then';
  return !ts.isExpressionStatement(user) && !ts.isVoidExpression(user);
}

test('No exit status of a helper program is ignored', () => {
  const files = globSync(rooms);
  expect(files.length).toBeGreaterThan(300);
  expect(files.flatMap((file) => ignoredIn(file, readFileSync(file, 'utf8')))).toEqual([]);
});

test.each([
  ["spawnSync('cp', args);", 1],
  ["void runCommand(['x'], 1);", 1],
  ["await runCommand(['x'], 1);", 1],
  ["const { stdout } = spawnSync('cp');", 1],
  ["if (spawnSync('cp').error) stop();", 1],
  ["const { status } = spawnSync('cp');", 0],
  ["const command = await runCommand(['x'], 1);", 0],
  ["if (spawnSync('cp').status !== 0) stop();", 0],
])('An ignored exit status is found: %s', (source, count) => {
  expect(ignoredIn('sample.ts', source)).toHaveLength(count);
});
