import { Logger } from '@aws-lambda-powertools/logger';

/**
 * The only logger. It logs names, ids and counts, never events: an event may contain a task token. Nothing here reads
 * `POWERTOOLS_LOGGER_LOG_EVENT`, which only affects a decorator that is not used.
 */
export const logger = new Logger({ serviceName: 'certferry' });
