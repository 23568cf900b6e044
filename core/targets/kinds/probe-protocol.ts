import * as z from 'zod/mini';

/** How TLS begins on an endpoint: at once (`tls`), or after the STARTTLS conversation of this protocol. */
export const probeProtocols = ['tls', 'smtp', 'imap', 'pop3', 'sieve', 'postgres', 'mysql', 'ldap'] as const;
export const ProbeProtocol = z.enum(probeProtocols);
export type ProbeProtocol = z.infer<typeof ProbeProtocol>;
