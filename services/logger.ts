import { Logger } from '@aws-lambda-powertools/logger';

/**
 * The one logger. It is only ever given names, ids and counts: events are not logged (an event may carry a task
 * token), and nothing here reads `POWERTOOLS_LOGGER_LOG_EVENT`, which acts on a decorator that is not used.
 */
export const logger = new Logger({ serviceName: 'certferry' });
