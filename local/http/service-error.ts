/** What an embedded endpoint answers instead of a result: `name` is AWS's error name, `fields` join its JSON body. */
export class ServiceError extends Error {
  override readonly name: string;
  readonly fields: Readonly<Record<string, unknown>>;

  constructor(name: string, message: string, fields: Readonly<Record<string, unknown>> = {}) {
    super(message);
    this.name = name;
    this.fields = fields;
  }
}
