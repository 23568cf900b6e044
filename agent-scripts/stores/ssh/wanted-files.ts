import type { Bundle } from '../../../core/deployment/version.ts';
import type { SshConfig } from '../../../core/targets/kinds/ssh.ts';
import type { FileRole } from './plan.ts';

/** One file of a target. `mode`: as configured. */
export interface FileSlot {
  readonly role: FileRole;
  readonly path: string;
  readonly mode: string | undefined;
  readonly defaultMode: number;
}

/** The files of a target, in the order of the renames: key and certificate are adjacent. */
export function slotsOf({ chainPath, keyPath, certPath, certMode, keyMode }: SshConfig): readonly FileSlot[] {
  return [
    ...(chainPath === undefined
      ? []
      : [{ role: 'chain', path: chainPath, mode: certMode, defaultMode: 0o644 } as const]),
    { role: 'privateKey', path: keyPath, mode: keyMode, defaultMode: 0o600 },
    { role: 'certificate', path: certPath, mode: certMode, defaultMode: 0o644 },
  ];
}

/** Without intermediates, the file for the chain holds the leaf: OpenSSL refuses an empty trust store, and a leaf in it changes nothing. */
export function contentOf(role: FileRole, { leaf, chain, key }: Bundle, config: SshConfig): Buffer {
  const intermediates = chain.join('');
  const contents: Readonly<Record<FileRole, string>> = {
    chain: intermediates === '' ? leaf : intermediates,
    privateKey: key,
    certificate: config.certContents === 'fullchain' ? leaf + intermediates : leaf,
  };
  return Buffer.from(contents[role]);
}
