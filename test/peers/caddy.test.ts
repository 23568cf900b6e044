import { killedContract } from '../contract/killed.ts';
import { caddyDaemons } from '../rigs/caddy-site.ts';

// here because it takes minutes: the key is renamed, the certificate not yet
const window = /^rename\(.*, ".*\/tls\/fullchain\.pem"/;

killedContract(caddyDaemons.file, { window });
killedContract(caddyDaemons.loadFiles, { window });
