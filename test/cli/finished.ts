import type { FinishedDeployment } from '../../cli/report/deployment-report.ts';
import type { RecordedDeployment } from '../../core/deployment/deployment.ts';
import { Target } from '../../core/targets/target.ts';
import { anExecution } from './events.ts';

/** A target of a targets file. */
export function aTarget(overrides: Record<string, unknown> = {}): Target {
  return Target.parse({
    id: 'web-1',
    certificate: 'api.example.com',
    host: 'local',
    kind: 'nginx',
    config: { certPath: '/etc/nginx/tls/fullchain.pem', keyPath: '/etc/nginx/tls/privkey.pem' },
    verify: { endpoint: '127.0.0.1:443', serverName: 'api.example.com' },
    ...overrides,
  });
}

/** A deployment that has ended. */
export function aFinished(output: Partial<RecordedDeployment> = {}, targetId = 'web-1'): FinishedDeployment {
  const { events } = anExecution()
    .visit('AcquireLock', 'Task', { took: 90 })
    .visit('Deployed', 'Succeed')
    .end('ExecutionSucceeded');
  return {
    target: aTarget({ id: targetId }),
    executionName: `execution-of-${targetId}`,
    output: {
      deploymentId: `execution-of-${targetId}`,
      targetId,
      outcome: 'deployed',
      summary: `${targetId} serves it`,
      reason: null,
      fingerprint: `sha256:${'ab'.repeat(32)}`,
      previousFingerprint: `sha256:${'cd'.repeat(32)}`,
      fence: 1,
      warnings: [],
      repair: null,
      ...output,
    },
    events,
  };
}
