import { type RegistryTable, readItem } from './registry-table.ts';
import { expiryAfter, QuestionItem, questionKey, questionPrefix } from './rollout-items.ts';

/** A person is asked after a wave. `secretHash`: SHA-256, in hex, of the secret in the link. */
export interface Question {
  readonly rolloutId: string;
  readonly wave: number;
  readonly taskToken: string;
  readonly secretHash: string;
  readonly askedAt: string;
}

/** Questions to people, as a rollout's waiting state asked them. */
export interface Questions {
  /** A state that asks again waits with another token: the later question takes the place of the one before. */
  ask(question: Question): Promise<void>;
  /** The question of that wave, answered or not; without a wave the latest unanswered one. */
  question(rolloutId: string, wave?: number): Promise<Question | null>;
  /** Notes who said what; does nothing when the question was asked again since. */
  answered(question: Question, answer: { readonly verdict: string; readonly by: string }): Promise<void>;
}

/** Questions in the registry's table. */
export function createQuestions(table: RegistryTable): Questions {
  return {
    async ask({ rolloutId, wave, taskToken, secretHash, askedAt }) {
      await table.update(questionKey(rolloutId, wave), {
        expression:
          'SET rolloutId = :rollout, wave = :wave, taskToken = :token, secretHash = :hash, askedAt = :at, expiresAt = :expiry REMOVE answer',
        when: 'attribute_not_exists(pk) OR askedAt <= :at',
        values: {
          ':rollout': rolloutId,
          ':wave': wave,
          ':token': taskToken,
          ':hash': secretHash,
          ':at': askedAt,
          ':expiry': expiryAfter(askedAt),
        },
      });
    },
    async question(rolloutId, wave) {
      if (wave !== undefined) {
        const item = await table.get(questionKey(rolloutId, wave));
        return item === null ? null : withoutAnswer(read(rolloutId, wave, item));
      }
      const { pk } = questionKey(rolloutId, 0);
      const items = await table.query(pk, { prefix: questionPrefix, latestFirst: true });
      const asked = items.map((item) => read(rolloutId, Number(item.wave), item));
      const unanswered = asked.find(({ answer }) => answer === null);
      return unanswered === undefined ? null : withoutAnswer(unanswered);
    },
    async answered({ rolloutId, wave, taskToken }, answer) {
      await table.update(questionKey(rolloutId, wave), {
        expression: 'SET answer = :answer',
        when: 'taskToken = :token',
        values: { ':answer': answer, ':token': taskToken },
      });
    },
  };
}

const read = (rolloutId: string, wave: number, item: unknown) =>
  readItem(QuestionItem, item, { key: questionKey(rolloutId, wave), name: 'InvalidRequest' });

function withoutAnswer({ answer: _, ...question }: QuestionItem): Question {
  return question;
}
