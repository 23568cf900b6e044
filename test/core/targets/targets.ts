/** A target as a person would write it, for nginx. */
export function aTargetInput(config: Record<string, unknown> = {}, known: Record<string, unknown> = {}) {
  return {
    id: 'web-1',
    certificate: 'api.example.com',
    host: 'local',
    kind: 'nginx',
    config: { certPath: '/etc/nginx/tls/fullchain.pem', keyPath: '/etc/nginx/tls/privkey.pem', ...config },
    verify: 'none',
    ...known,
  };
}
