import { RegisteredTarget } from '../../../core/targets/registered.ts';
import { aTargetId } from './factories.ts';

/** A target as the registry keeps it, on one host unless it is told otherwise. */
export const aRegisteredTarget = (known: Record<string, unknown> = {}) =>
  RegisteredTarget.parse({
    id: aTargetId(),
    certificate: 'api.example.com',
    host: 'i-0123456789abcdef0',
    kind: 'nginx',
    config: { certPath: '/etc/nginx/tls/fullchain.pem', keyPath: '/etc/nginx/tls/privkey.pem' },
    verify: 'none',
    ...known,
  });
