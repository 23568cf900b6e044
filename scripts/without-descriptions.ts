import { readFileSync } from 'node:fs';
import type { Plugin } from 'esbuild';
import ts from 'typescript';

/**
 * Leaves the descriptions of fields out of functions and agents: only the command line and the construct write them, into JSON
 * Schemas. `described` keeps its schema, and its text becomes empty.
 */
export const withoutDescriptions: Plugin = {
  name: 'without-descriptions',
  setup(build) {
    build.onLoad({ filter: /\/core\/.*\.ts$/ }, ({ path }) => {
      const text = readFileSync(path, 'utf8');
      return text.includes('described(') ? { contents: undescribed(text), loader: 'ts' } : null;
    });
  },
};

/** The source text with an empty second argument in every call of `described`. */
export function undescribed(text: string): string {
  const source = ts.createSourceFile('source.ts', text, ts.ScriptTarget.Latest);
  const descriptions: ts.Node[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isCallExpression(node) && node.expression.getText(source) === 'described' && node.arguments[1])
      descriptions.push(node.arguments[1]);
    ts.forEachChild(node, visit);
  };
  visit(source);
  return descriptions
    .sort((one, other) => other.getStart(source) - one.getStart(source))
    .reduce((rest, node) => `${rest.slice(0, node.getStart(source))}''${rest.slice(node.end)}`, text);
}
