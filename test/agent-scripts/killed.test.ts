import { killedContract } from '../contract/killed.ts';
import { nginxDaemon } from '../rigs/nginx-site.ts';

// the documented window: the key is already renamed, the certificate not yet
killedContract(nginxDaemon, { window: /^rename\(.*, ".*\/tls\/fullchain\.pem"/ });
