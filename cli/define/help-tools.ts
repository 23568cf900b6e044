/** The help texts of the commands that need no backend. */
import type { Help } from './help.ts';

export const check: Help = {
  description:
    'Checks a bundle as a deployment does: orders the chain, matches the key with the leaf, and reports problems, or the ' +
    'names, expiry, chain, fingerprint and warnings. Nothing is sent or written.',
  after: `
Examples:
  $ certferry check bundle.pem
  $ certferry check fullchain.pem --key privkey.pem
  $ certferry check bundle.p12 --passphrase-file passphrase.txt --json

Exit codes:
  0   the bundle can be deployed (warnings are possible)
  2   wrong usage, or an unreadable file
  10  the bundle cannot be deployed; the error gives the reason`,
};

export const probe: Help = {
  description:
    'Probes every address of an endpoint, with TLS at once or after STARTTLS, and shows the served certificate. With ' +
    '--expect, the exit code reports whether every address serves that leaf.',
  after: `
Examples:
  $ certferry probe example.com:443
  $ certferry probe 10.0.0.7:443 --server-name api.example.com
  $ certferry probe mail.example.com:587 --protocol smtp --json
  $ certferry probe 10.0.0.7:443 --server-name api.example.com --expect sha256:… && echo served

Exit codes:
  0   every address completed the handshake (and serves the leaf of --expect)
  1   an address did not complete the handshake, or serves another leaf
  2   wrong usage`,
};

export const schema: Help = {
  description:
    'Prints the JSON Schema of a targets file, or of targets of one kind. Editors use it to complete and check the file.',
  after: `
Examples:
  $ certferry schema > targets.schema.json              then, as the first line of targets.yaml:
                                                        # yaml-language-server: $schema=targets.schema.json
  $ certferry schema nginx
  $ certferry schema k8ssecret --rbac                   replace NAMESPACE and SECRET, then kubectl apply -f -
  $ certferry schema k8ssecret --rbac --group certferry   the same for a group, as EKS needs it`,
};

export const completion: Help = {
  description:
    'Prints a script with which a shell completes commands, options and their values. The script is generated from the ' +
    'commands of this version; a key press does not start certferry.',
  after: `
Examples:
  $ certferry completion bash > /etc/bash_completion.d/certferry
  $ certferry completion zsh > /usr/local/share/zsh/site-functions/_certferry
  $ certferry completion fish > ~/.config/fish/completions/certferry.fish`,
};

export const man: Help = {
  description: 'Prints the manual page certferry(1), which is generated from the commands of this version.',
  after: `
Examples:
  $ certferry man > certferry.1 && man ./certferry.1
  $ certferry man > /usr/local/share/man/man1/certferry.1`,
};

export const demo: Help = {
  description:
    'Runs certferry with a temporary certificate authority and a small TLS server in a temporary folder. Scenes: a first ' +
    'deployment, a renewal, a version that is not served after a successful reload (rolled back and verified), an ' +
    'invalid bundle, and a renewal of five hosts in waves that is halted and rolled back. Needs no root and no daemon, ' +
    'and takes less than a minute.',
  after: `
Examples:
  $ certferry demo
  $ certferry demo --daemon nginx                       run the first scenes with the nginx found in PATH
  $ certferry demo --keep                               keep the folder, and inspect its executions later

Exit codes:
  0   every result was as described
  1   a result differed; the demo reports it
  2   wrong usage`,
};
