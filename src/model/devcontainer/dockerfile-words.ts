/** Values of variables by name; undefined: nobody can tell before the build. */
export type WordValues = (name: string) => string | undefined;

/**
 * A word of a Dockerfile with its variables and quotes taken away: `$NAME`, `${NAME}`, `${NAME:-word}`, `${NAME:+word}` and the
 * forms without a colon. https://docs.docker.com/reference/dockerfile/ "Environment replacement"
 * @param known what a variable is; one that is not set is the empty text
 * @returns undefined when it holds a variable whose value is not known, or another form
 */
export function expandWord(word: string, known: WordValues, escape: string): string | undefined {
  let result = "";
  for (let at = 0; at < word.length;) {
    const char = word[at] as string;
    if (char === escape) {
      result += word[at + 1] ?? "";
      at += 2;
    } else if (char === "'") {
      const end = word.indexOf("'", at + 1);
      if (end < 0) return undefined;
      result += word.slice(at + 1, end);
      at = end + 1;
    } else if (char === '"') {
      at += 1;
    } else if (char === "$") {
      const variable = variableAt(word, at);
      const value = variable && valueOf(variable, known, escape);
      if (variable === undefined || value === undefined) return undefined;
      result += value;
      at = variable.end;
    } else {
      result += char;
      at += 1;
    }
  }
  return result;
}

type Variable = { name: string; form?: string; word: string; end: number };

function variableAt(text: string, at: number): Variable | undefined {
  const [bare] = /^[A-Za-z_]\w*/.exec(text.slice(at + 1)) ?? [];
  if (bare !== undefined) return { name: bare, word: "", end: at + 1 + bare.length };
  if (text[at + 1] !== "{") return undefined;
  const end = closingBrace(text, at + 2);
  if (end === undefined) return undefined;
  const [, name, form, word = ""] = /^([A-Za-z_]\w*)(?:(:?[-+])([\s\S]*))?$/.exec(text.slice(at + 2, end)) ?? [];
  return name === undefined ? undefined : { name, ...(form ? { form } : {}), word, end: end + 1 };
}

function closingBrace(text: string, from: number): number | undefined {
  let depth = 1;
  for (let at = from; at < text.length; at++) {
    if (text[at] === "{") depth += 1;
    if (text[at] === "}") depth -= 1;
    if (depth === 0) return at;
  }
  return undefined;
}

function valueOf({ name, form, word }: Variable, known: WordValues, escape: string): string | undefined {
  const value = known(name);
  if (value === undefined || form === undefined) return value;
  // Unset and empty are the same to an argument of a Dockerfile without a value.
  const set = value !== "";
  if (form.endsWith("-")) return set ? value : expandWord(word, known, escape);
  return set ? expandWord(word, known, escape) : "";
}
