import { PublishCommand, type SNSClient } from '@aws-sdk/client-sns';
import { channelLimits } from '../../core/bounds/channels.ts';
import { cutText } from '../../core/bounds/cut-text.ts';
import { logger } from '../logger.ts';
import { type CommandContext, type CommandLine, createCommandLine } from './command-lines.ts';

/** A message for operators: what happened, why, and the next step. */
export interface Message {
  /** At most 100 characters, plain ASCII (the rule of SNS for subjects). */
  readonly subject: string;
  readonly text: string;
}

/**
 * Sends messages to the SNS topic of the stack; without a topic it only logs them. Never throws, and gives up after
 * 20 seconds: a deployment does not wait for e-mail, and a function without a route to SNS must still return in time.
 */
export interface Messages {
  send(message: Message): Promise<void>;
  /** Formats the commands in a message. */
  readonly commandLine: CommandLine;
}

const timeoutMilliseconds = 20_000;

/** A reserve, because attributes count too. */
const maximumBytes = channelLimits.message - 12_000;

/** Without a topic, messages are logged only. */
export interface MessageSettings extends CommandContext {
  readonly topicArn: string | undefined;
}

/** Messages to a topic. The log contains only the subject, because a text may contain an approval link. */
export function createMessages(
  sns: Pick<SNSClient, 'send'>,
  { topicArn, ...context }: MessageSettings,
): Messages {
  return {
    commandLine: createCommandLine(context),
    async send({ subject, text }) {
      logger.info('message', { subject, sent: topicArn !== undefined });
      if (topicArn === undefined) return;
      try {
        await sns.send(
          new PublishCommand({
            TopicArn: topicArn,
            Subject: validSubject(subject),
            Message: truncated(text),
          }),
          { abortSignal: AbortSignal.timeout(timeoutMilliseconds) },
        );
      } catch (error) {
        const reason = error instanceof Error ? `${error.name}: ${error.message}` : 'unknown';
        logger.error('the message could not be sent', { subject, topicArn, reason });
      }
    },
  };
}

/** A message made of paragraphs, each with its lines. Empty paragraphs are omitted. */
export function composed(subject: string, ...paragraphs: readonly (readonly string[])[]): Message {
  const texts = paragraphs.flatMap((lines) => (lines.length === 0 ? [] : [lines.join('\n')]));
  return { subject, text: texts.join('\n\n') };
}

/** SNS refuses an empty subject, and one with other characters. */
function validSubject(subject: string): string {
  const ascii = subject.replaceAll(/[^\x21-\x7e]+/g, ' ').trim();
  if (ascii.length <= channelLimits.messageSubjectCharacters) return ascii || 'certferry';
  return `${ascii.slice(0, channelLimits.messageSubjectCharacters - 3).trimEnd()}...`;
}

const truncated = (text: string): string => cutText(text, maximumBytes) || '(no text)';
