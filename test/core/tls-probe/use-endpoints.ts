import { afterEach } from 'vitest';
import type { IssuedCertificate } from '../../../cli/demo/throwaway-ca.ts';
import type { VersionFacts } from '../../../core/deployment/version.ts';
import { aVersion } from '../../fixtures/certificates.ts';
import { type Endpoint, observe, serveTcp, serveTls, versionOf } from './endpoints.ts';

/** Servers that are closed after each test. */
export function useEndpoints() {
  const endpoints: Endpoint[] = [];
  afterEach(async () => {
    await Promise.all(endpoints.splice(0).map((endpoint) => endpoint.close()));
  });
  const kept = async (opening: Promise<Endpoint>): Promise<Endpoint> => {
    const endpoint = await opening;
    endpoints.push(endpoint);
    return endpoint;
  };
  return {
    serve: (...args: Parameters<typeof serveTls>) => kept(serveTls(...args)),
    serveRaw: (...args: Parameters<typeof serveTcp>) => kept(serveTcp(...args)),
  };
}

/** What a server serves, asked for the one version of a file of tests unless another is given. */
export function observing(usual: () => IssuedCertificate) {
  return (port: number, known: Record<string, unknown> = {}, expected?: VersionFacts | null) =>
    observe(port, expected === undefined ? versionOf(usual()) : expected, known);
}

/** A version whose time is over. */
export function anExpiredVersion(): Promise<IssuedCertificate> {
  return aVersion({
    notAfter: new Date('2026-01-31T12:00:00Z'),
    notBefore: new Date('2025-11-01T00:00:00Z'),
  });
}
