// It cannot show commands of a transaction other than PATCH of a profile and POST of a key or certificate.
import { type Configuration, copyOf } from './configuration.ts';
import { refuseUnless } from './refusal.ts';

type Command = (configuration: Configuration) => void;

interface Transaction {
  readonly startedAt: number;
  readonly commands: Command[];
}

/** Transactions as in recorded answers of 12.1 and 13.1: a numeric id, `timeoutSeconds` 120 (30 in 11.5). */
export class Transactions {
  readonly #open = new Map<number, Transaction>();
  readonly #timeoutSeconds: number;
  readonly #now: () => number;
  #last = 1_526_674_837_169_914;

  constructor(timeoutSeconds: number, now: () => number) {
    this.#timeoutSeconds = timeoutSeconds;
    this.#now = now;
  }

  get openCount(): number {
    return this.#open.size;
  }

  clear(): void {
    this.#open.clear();
  }

  start() {
    this.#last += 1;
    this.#open.set(this.#last, { startedAt: this.#now(), commands: [] });
    return this.describe(this.#last, 'STARTED', false);
  }

  /** Adds a command; it is executed at the commit. */
  add(id: number, command: Command): number {
    return this.find(id).commands.push(command);
  }

  /**
   * Executes all commands on a copy, so all of them or none. `validateOnly` leaves the transaction open
   * (bigrest `transaction_validate`). A commit without commands is 404 (e-XpertSolutions/f5-rest-client issue 36).
   */
  commit(id: number, running: Configuration, validateOnly: boolean): Configuration | null {
    const { commands } = this.find(id);
    refuseUnless(commands.length > 0, 404, 'Missing transaction ID for this call.');
    const next = copyOf(running);
    if (!validateOnly) this.#open.delete(id);
    for (const command of commands) command(next);
    return validateOnly ? null : next;
  }

  remove(id: number): void {
    this.find(id);
    this.#open.delete(id);
  }

  describe(id: number, state: string, validateOnly: boolean) {
    return {
      transId: id,
      state,
      timeoutSeconds: this.#timeoutSeconds,
      asyncExecution: false,
      validateOnly,
      executionTimeout: 300,
      executionTime: 0,
      failureReason: '',
      kind: 'tm:transactionstate',
      selfLink: `https://localhost/mgmt/tm/transaction/${id}?ver=14.1.2`,
    };
  }

  /** An old transaction has been removed silently (F5 automation labs, class 1 module 1 lab 7). */
  find(id: number): Transaction {
    const found = this.#open.get(id);
    const isAlive = found !== undefined && this.#now() - found.startedAt < this.#timeoutSeconds * 1000;
    if (!isAlive) this.#open.delete(id);
    refuseUnless(isAlive, 404, 'Missing transaction ID for this call.');
    return found;
  }
}
