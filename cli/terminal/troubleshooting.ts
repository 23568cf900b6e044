import { resolve } from 'node:path';
import { executionPageOf } from '../../core/console-link.ts';
import { builtFile, type OwnPackage, ownPackage } from './built-files.ts';

const page = 'docs/troubleshooting.md';

/** The last lines of a failure: the page of its execution on a stack, and the entry of docs/troubleshooting.md. */
export function linkLines(executionArn: string | undefined, anchor: string): string[] {
  return [...executionLine(executionArn), `Troubleshooting: ${troubleshootingAddress(anchor)}`];
}

/** The page of an execution in the console; empty in local mode. */
export function executionLine(executionArn: string | undefined): string[] {
  return executionArn === undefined ? [] : [`Execution: ${executionPageOf(executionArn)}`];
}

/**
 * The address of a heading in docs/troubleshooting.md of the given version. Without a homepage, it is the path of the installed page.
 */
export function troubleshootingAddress(
  anchor: string,
  { homepage, version }: OwnPackage = ownPackage(),
): string {
  if (homepage === undefined) return `${resolve(builtFile('..'), page)}#${anchor}`;
  const base = homepage.replace(/#.*$/, '').replace(/\/+$/, '');
  // a repository on GitHub shows its files below the tag of the release
  const isRepository = /^https:\/\/github\.com\/[^/]+\/[^/]+$/.test(base);
  return `${base}${isRepository ? `/blob/v${version}` : ''}/${page}#${anchor}`;
}
