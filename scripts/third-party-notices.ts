// The licences of the packages that built files contain.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Metafile } from 'esbuild';

/** A package whose code is part of a built file. */
export interface BundledPackage {
  readonly name: string;
  readonly version: string;
  /** The expression of package.json (SPDX). */
  readonly license: string;
  /** The texts of its files LICENSE, NOTICE and similar. */
  readonly texts: readonly string[];
}

const packageFolder = /^(.*\bnode_modules\/(?:@[^/]+\/)?[^/]+)\//;
const legalFile = /^(licen[cs]e|copying|notice)/i;

/** The packages in the outputs of these builds, in the order of their names. Throws if a package names no licence. */
export function bundledPackages(root: string, metafiles: readonly Metafile[]): BundledPackage[] {
  const inputs = metafiles
    .flatMap(({ outputs }) => Object.values(outputs))
    .flatMap((output) => Object.entries(output.inputs))
    .filter(([, { bytesInOutput }]) => bytesInOutput > 0);
  const folders = new Set(inputs.flatMap(([path]) => packageFolder.exec(path)?.[1] ?? []));
  return [...folders].map((folder) => readPackage(join(root, folder))).sort(byName);
}

const byName = (one: BundledPackage, other: BundledPackage) =>
  `${one.name}@${one.version}`.localeCompare(`${other.name}@${other.version}`, 'en');

function readPackage(folder: string): BundledPackage {
  const { name, version, author, ...rest } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  // `licenses` is the field of old packages
  const license = rest.license ?? rest.licenses?.[0]?.type;
  if (typeof license !== 'string')
    throw new Error(`${folder}/package.json names no licence: use another package.`);
  const files = readdirSync(folder).filter((file) => legalFile.test(file));
  const texts = files.map((file) => readFileSync(join(folder, file), 'utf8').replaceAll('\r\n', '\n').trim());
  return { name, version, license, texts: texts.length > 0 ? texts : [copyrightOf(author, name)] };
}

/** Some packages contain no licence file. */
function copyrightOf(author: string | { readonly name: string } | undefined, name: string): string {
  const holder = typeof author === 'object' ? author.name : (author ?? `the authors of ${name}`);
  return `Copyright: ${holder}`;
}

/** The text of THIRD-PARTY-NOTICES.txt. Packages with the same licence text share it. */
export function renderNotices(packages: readonly BundledPackage[]): string {
  const byTexts = Map.groupBy(packages, ({ texts }) => texts.join('\n\n'));
  const sections = [...byTexts].map(([text, group]) =>
    [
      line,
      ...group.map(({ name, version, license }) => `${name} ${version} (${license})`),
      line,
      '',
      text,
      '',
    ].join('\n'),
  );
  return [introduction, ...sections].join('\n');
}

const line = '-'.repeat(78);
const introduction = `The files of certferry in dist/ contain code of these packages. Each section lists packages and their licence.
`;
