import * as z from 'zod/mini';
import { described } from '../targets/kinds/described.ts';
import { parseFile } from '../targets/parse.ts';
import { pathText } from '../targets/problems.ts';
import { RegisteredTarget } from '../targets/registered.ts';
import { valueAt } from '../targets/schema-at.ts';
import { Certificate } from './certificate.ts';
import { Settings } from './settings.ts';

const certificates = described(
  z._default(z.array(Certificate), []),
  'The sources of the certificates and how they are rolled out. Required for rollouts in an account.',
);
const targetsText = 'The installations of certificates on hosts.';
const settings = described(
  z.optional(Settings),
  'The settings of the command line. Only the command line uses them; a stack ignores them.',
);

/** A targets file: the installations of certificates, and optionally their sources and strategies. */
export const TargetsFile = z.strictObject({
  certificates,
  targets: described(z.array(RegisteredTarget).check(z.minLength(1)), targetsText),
  settings,
});
export type TargetsFile = z.infer<typeof TargetsFile>;

/** `certferry.yaml`: a targets file that may have settings alone, because a stack has its targets registered. */
const ConfigFile = z.strictObject({
  certificates,
  targets: described(z._default(z.array(RegisteredTarget), []), targetsText),
  settings,
});
export type ConfigFile = z.infer<typeof ConfigFile>;

/**
 * Parses a targets file, YAML or JSON. Errors name the file as `source`, such as its path.
 * @throws CertferryError InvalidTarget with one line per problem
 */
export function parseTargets(text: string, source: string): TargetsFile {
  return parseFile(TargetsFile, { text, source }, duplicateNames);
}

/** The same for a `certferry.yaml`. */
export function parseConfig(text: string, source: string): ConfigFile {
  return parseFile(ConfigFile, { text, source }, duplicateNames);
}

const duplicateNames = (input: unknown): string[] => [
  ...duplicates(input, 'certificates', 'name'),
  ...duplicates(input, 'targets', 'id'),
];

/** Lock and history are stored under the id, so two targets with one id would overwrite each other. */
function duplicates(input: unknown, list: string, key: string): string[] {
  const items = valueAt(input, [list]);
  if (!Array.isArray(items)) return [];
  const names = items.map((item) => valueAt(item, [key]));
  return names.flatMap((name, at) => {
    const first = names.indexOf(name);
    if (typeof name !== 'string' || first === at) return [];
    const path = pathText([list, at, key]);
    return [`${path}: ${JSON.stringify(name)} is already the ${key} of ${pathText([list, first])}`];
  });
}
