/** `1 target`, `0 targets`, `5 targets`. Give the plural of a noun that does not take a plain `s`. */
export const counted = (count: number, noun: string, plural = `${noun}s`): string =>
  `${count} ${count === 1 ? noun : plural}`;
