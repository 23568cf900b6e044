import { registerHooks } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const scope = '@aws-sdk/';

/**
 * Makes this thread find the AWS SDK in `folder`. The Lambda runtime contains the SDK, so functions import its packages by
 * name; an installed certferry has no such packages.
 */
export function resolveSdkIn(folder: string): void {
  registerHooks({
    resolve: (specifier, context, next) =>
      next(specifier.startsWith(scope) ? urlIn(folder, specifier) : specifier, context),
  });
}

const urlIn = (folder: string, specifier: string): string =>
  pathToFileURL(join(folder, `${specifier.slice(scope.length)}.mjs`)).href;
