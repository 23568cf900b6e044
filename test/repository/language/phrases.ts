/**
 * Phrases of CONTRIBUTING.md's writing rules that a program can find. A text about such a word (this table, the rules
 * themselves) puts it into a code span or quotation marks.
 */
export const bannedPhrases: Readonly<Record<string, RegExp>> = {
  /** "Nobody" may be a person who reads or decrypts something; it is never a program. */
  'nobody, somebody, anybody': /\b(nobody (?!can later decrypt|receives)|somebody|anybody)\b/i,
  whoever: /\bwhoever\b/i,
  'told, tells, says, said': /\b(is|are|was|were|be|been|being) (told|said)\b|\b(says|told|said)\b/i,
  'look at, looks at, a look': /\blook(s|ed|ing)? (at|around|again|for)\b|\ba look\b/i,
  anew: /\banew\b/i,
  'in vain': /\bin vain\b/i,
  'in words': /\bin words\b/i,
  'all the same': /\ball the same\b/i,
  'goes on': /\b(goes|go|went|gone|going) on\b/i,
  'comes to an end': /\bcom(e|es|ing) to an end\b|\bcame to an end\b/i,
  'put back, take away, way back, turn back':
    /\b(put(s|ting)? back|tak(e|es|ing|en) away|way back|turn(s|ed)? back)\b/i,
  'present for serve': /\bpresent(s|ed|ing)\b/i,
  'revert for roll back': /\brevert(s|ed|ing)?\b/i,
  'vantage for probeFrom': /\bvantage\b/i,
  'not to be had': /\bnot to be had\b/i,
  amiss: /\bamiss\b/i,
  'a person is needed': /\ba person is needed\b|\bneeds a person\b/i,
  "of its own accord, one's own": /\bof one['’]s own\b/i,
  'by itself alone': /\bas it is should\b/i,
  'what is … is …': /(^|[.;:] )what (is|was|has|does)\b[^.?,]* is\b/i,
  'shadow for sandboxed instance': /\bshadow(s|ed)?\b/i,
};
