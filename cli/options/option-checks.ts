import { UsageError } from '../terminal/errors.ts';

/** Throws UsageError for the first of these options that was given. `where` follows "cannot be used with". */
export function refuseOptions(options: Readonly<Record<string, unknown>>, where: string): void {
  for (const [option, value] of Object.entries(options)) {
    const isGiven = Array.isArray(value) ? value.length > 0 : value !== undefined && value !== false;
    if (isGiven) throw new UsageError(`${option} cannot be used with ${where}`);
  }
}

/** Throws UsageError for an option that names a file: a stack reads no files of this machine. */
export function refuseFileOptions(options: {
  readonly targets?: string | undefined;
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
  readonly chain?: string | undefined;
  readonly passphraseFile?: string | undefined;
}): void {
  const { targets, cert, key, chain, passphraseFile } = options;
  refuseOptions(
    {
      '--targets': targets,
      '--cert': cert,
      '--key': key,
      '--chain': chain,
      '--passphrase-file': passphraseFile,
    },
    '--stack: a stack has registered targets and reads versions from their source',
  );
}

/** Throws UsageError for the first of these options that is missing. `where` follows "is required with". */
export function requireOptions(options: Readonly<Record<string, unknown>>, where: string): void {
  for (const [option, value] of Object.entries(options)) {
    if (value === undefined) throw new UsageError(`${option} is required with ${where}`);
  }
}
