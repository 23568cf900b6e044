import { UsageError } from '../terminal/errors.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** What a renewal tool passes to its hook. `key` is undefined if `cert` is a folder. `lineage`: the name that the tool uses. */
export interface HookRequest {
  readonly tool: string;
  readonly cert: string;
  readonly key: string | undefined;
  readonly lineage: string | undefined;
}

/** A renewal tool. `read` returns null if the tool did not start this process, and `nothing` if its event needs no deployment. */
interface RenewalTool {
  readonly tool: string;
  readonly read: (environment: Environment, words: readonly string[]) => HookRequest | 'nothing' | null;
}

/** The tools, in the order in which they are recognised. Arguments of the command come first. */
const tools: readonly RenewalTool[] = [
  {
    // https://github.com/dehydrated-io/dehydrated/blob/master/docs/examples/hook.sh
    tool: 'dehydrated',
    read: (_, [operation = '', domain, key, , fullchain]) => {
      if (operation === 'deploy_cert' && fullchain !== undefined) {
        return { tool: 'dehydrated', cert: fullchain, key, lineage: domain };
      }
      return otherOperations.has(operation) ? 'nothing' : null;
    },
  },
  {
    tool: 'arguments',
    read: (_, [folder]) =>
      folder === undefined
        ? null
        : { tool: 'arguments', cert: folder, key: undefined, lineage: nameOf(folder) },
  },
  {
    // https://eff-certbot.readthedocs.io/en/stable/using.html#renewing-certificates
    tool: 'certbot',
    read: ({ RENEWED_LINEAGE: folder }) =>
      folder ? { tool: 'certbot', cert: folder, key: undefined, lineage: nameOf(folder) } : null,
  },
  {
    // version 5: https://go-acme.github.io/lego/advanced/hooks/
    tool: 'lego',
    read: ({ LEGO_HOOK_CERT_PATH: cert, LEGO_HOOK_CERT_KEY_PATH: key, LEGO_HOOK_CERT_NAME: lineage }) =>
      cert ? { tool: 'lego', cert, key, lineage } : null,
  },
  {
    tool: 'lego 4',
    read: ({ LEGO_CERT_PATH: cert, LEGO_CERT_KEY_PATH: key, LEGO_CERT_DOMAIN: lineage }) =>
      cert ? { tool: 'lego 4', cert, key, lineage } : null,
  },
  {
    // the variables of --reloadcmd and of the hooks: https://github.com/acmesh-official/acme.sh/wiki
    tool: 'acme.sh',
    read: ({ CERT_FULLCHAIN_PATH: cert, CERT_KEY_PATH: key, Le_Domain: lineage }) =>
      cert ? { tool: 'acme.sh', cert, key, lineage } : null,
  },
];

/** The other operations for which dehydrated calls its hook. */
const otherOperations: ReadonlySet<string> = new Set([
  'deploy_challenge',
  'clean_challenge',
  'sync_cert',
  'deploy_ocsp',
  'unchanged_cert',
  'invalid_challenge',
  'request_failure',
  'generate_csr',
  'startup_hook',
  'exit_hook',
  'this_hookscript_is_broken__dehydrated_is_working_fine__please_ignore_unknown_hooks_in_your_script',
]);

/**
 * Reads what the renewal tool passed, from arguments and environment. `nothing`: this event of the tool needs no deployment. Throws
 * UsageError if no known tool started this process.
 */
export function readHookRequest(environment: Environment, words: readonly string[]): HookRequest | 'nothing' {
  for (const { read } of tools) {
    const request = read(environment, words);
    if (request !== null) return request;
  }
  throw new UsageError(
    'no renewal tool started this hook (certbot, acme.sh, lego and dehydrated are recognised). Name the folder: certferry hook /etc/letsencrypt/live/NAME',
  );
}

const nameOf = (folder: string) => folder.replace(/\/+$/, '').split('/').at(-1);
