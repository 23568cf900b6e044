import { CertferryError } from '../../../core/errors.ts';
import {
  fingerprintOfHostKey,
  type PinnedHostKey,
  typeOfHostKey,
} from '../../../core/targets/kinds/ssh-host-key.ts';

/** Whether the key of a server is accepted, and why not. */
export interface HostKeyJudgement {
  readonly fingerprint: string;
  readonly refusal: CertferryError | null;
}

/** The keys that a server may have. `first`: no key is configured or recorded yet, so any key is accepted. */
export interface TrustedKeys {
  readonly keys: readonly PinnedHostKey[];
  readonly origin: 'configured' | 'recorded' | 'first';
}

/**
 * The configured keys; with `trustOnFirstUse`, the key that earlier deployments of the target recorded. After an operator
 * has confirmed a new key, `hostKey` of the target names it.
 */
export function trustedKeys(
  pinned: readonly PinnedHostKey[] | null,
  recorded: readonly string[],
): TrustedKeys {
  if (pinned !== null) return { keys: pinned, origin: 'configured' };
  const [latest] = recorded;
  if (latest === undefined) return { keys: [], origin: 'first' };
  return { keys: [{ fingerprint: latest, type: null }], origin: 'recorded' };
}

/** Compares the key that a server has proved to own. `blob` is in the format of RFC 4253, section 6.6. */
export function judgeHostKey(server: string, blob: Buffer, trusted: TrustedKeys): HostKeyJudgement {
  const fingerprint = fingerprintOfHostKey(blob);
  const isTrusted = trusted.origin === 'first' || trusted.keys.some((key) => key.fingerprint === fingerprint);
  if (isTrusted) return { fingerprint, refusal: null };
  const type = typeOfHostKey(blob) ?? 'unknown type';
  const expected = trusted.keys.map((key) => key.fingerprint).join(', ');
  return {
    fingerprint,
    refusal: new CertferryError(
      'ServerNotTrusted',
      `${server} has the host key ${fingerprint} (${type}), but the ${trusted.origin} key is ${expected}; nothing was sent to it. Compare it with the output of "ssh-keygen -lf" on the server. If the server has a new key, set hostKey of the target to it`,
      { details: { server, seen: fingerprint, type } },
    ),
  };
}

/**
 * The host key algorithms to offer. A client that offers others gets the key that the server prefers, which may be one
 * without a pin. Null if a pin has no type.
 */
export function algorithmsFor({ keys }: TrustedKeys): string[] | null {
  const types = keys.map((key) => key.type);
  if (types.length === 0 || types.includes(null)) return null;
  return types.flatMap((type) => (type === 'ssh-rsa' ? ['rsa-sha2-512', 'rsa-sha2-256'] : [type ?? '']));
}
