/** The key attributes of a table or an index. All are strings. */
export interface KeySchema {
  readonly partitionKey: string;
  readonly sortKey: string | null;
}
