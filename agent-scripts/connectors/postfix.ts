import { commandActivation } from '../activations/activation.ts';
import { type Connector, cannotBeRehearsed } from './connector.ts';
import { desiredFile, pemFiles, rootOwned } from './pem-files.ts';

interface Instance {
  readonly configDirectory?: string | undefined;
}

/**
 * Rebuilds the SNI tables, which contain copies of the certificates (https://www.postfix.org/postconf.5.html#tls_server_sni_maps),
 * then starts Postfix. It runs in the sandbox, so the live tables do not change. Its arguments are the options of all three
 * programs. Tables of other types are not built from files, so nothing can be proven.
 */
const startWithTables = `
unsupported() { echo "not supported with tls_server_sni_maps = $table: $1" >&2; exit ${cannotBeRehearsed}; }
tables=$(postconf "$@" -xh tls_server_sni_maps; postconf "$@" -xhP '*/*/tls_server_sni_maps' 2>/dev/null)
for table in $(echo "$tables" | tr ',' ' '); do
  case $table in
    hash:*|btree:*|cdb:*|dbm:*|lmdb:*|sdbm:*)
      [ -e "\${table#*:}" ] || unsupported "there is no file \${table#*:} to rebuild the table from"
      postmap "$@" -F "$table" || exit 1 ;;
    texthash:*|inline:*) ;;
    *) unsupported 'postmap cannot rebuild a table of this type' ;;
  esac
done
exec postfix "$@" start-fg`;

/**
 * Postfix. Each smtpd opens the files as root before it drops privileges, so root 0600 is enough. `postfix check` checks
 * folders, owners and parameters, but does not open these files. `postfix reload` ends idle server processes; their
 * successors read the new files (https://www.postfix.org/postfix.1.html). With a key that does not match, smtpd runs
 * without TLS: only a rehearsal or the verification detects that.
 */
export const postfix: Connector<'postfix'> = {
  files(bundle, config) {
    if (config.chainFilesPath === undefined) {
      return pemFiles(bundle, config, config.chainPath === undefined ? 'fullchain' : 'leaf', rootOwned);
    }
    const combined = [bundle.key, bundle.leaf, ...bundle.chain].join('');
    return [desiredFile('combined', config.chainFilesPath, combined, config, rootOwned)];
  },
  validate: (config) => config.validateCommand ?? postfixWith(config, 'check'),
  activate: (config) => commandActivation(config.reloadCommand ?? postfixWith(config, 'reload')),
  sandbox: (config) => ['/bin/sh', '-c', startWithTables, 'certferry', ...optionsOf(config)],
};

function postfixWith(config: Instance, command: string): string[] {
  return ['postfix', ...optionsOf(config), command];
}

function optionsOf({ configDirectory }: Instance): string[] {
  return configDirectory === undefined ? [] : ['-c', configDirectory];
}
