/** Builds a thing when it is first asked for, then hands out the same one: a cold start pays only for what is used. */
export function once<Thing>(build: () => Thing): () => Thing {
  let built: { thing: Thing } | undefined;
  return () => {
    built ??= { thing: build() };
    return built.thing;
  };
}
