import { Metrics } from '@aws-lambda-powertools/metrics';
import { createDeploymentMetrics } from '../services/deployment-metrics.ts';
import { once } from './once.ts';

/** All of certferry's metrics have one namespace. */
export const metrics = once(() => new Metrics({ namespace: 'certferry', serviceName: 'certferry' }));

export const deploymentMetrics = once(() => createDeploymentMetrics(metrics()));
