/** Text of others, made fit to be looked at: nothing in it may hide, reorder or control what stands around it. */

// Controls but for tab and line feed, marks of direction, and what has no width.
const UNSEEN = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/gu;

/** Returns the text with each character that would not be seen as its number. */
export function visible(text: string): string {
  return text.replace(UNSEEN, (mark) => `⟨${mark.codePointAt(0)!.toString(16).padStart(4, "0")}⟩`);
}

/** Returns the last part of a resource's name. */
export function lastPart(name: string): string {
  return name.slice(name.lastIndexOf("/") + 1);
}

/** Returns the project of a task by its full name. */
export function projectOf(name: string): string {
  return name.split("/")[1] ?? "";
}

/** Returns a state in words: `PARTIALLY_FAILED` is "partially failed". */
export function stateText(word: string): string {
  return word.toLowerCase().replaceAll("_", " ");
}

/** Returns a number with the noun that it counts. */
export function count(number: number, noun: string): string {
  return `${number.toLocaleString("en")} ${noun}${number === 1 ? "" : "s"}`;
}

/** Returns what an error says. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
