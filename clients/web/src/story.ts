/** One task as it is lived: its latest state, its ledger, and what was told of it. */
import {
  taskState,
  type Client,
  type LedgerEntry,
  type LogEvent,
  type Progress,
  type Task,
  type WatchEvent,
} from "@wharfinger/client/web";
import { useEffect, useRef, useState } from "preact/hooks";
import { useSession } from "./session.js";
import { messageOf } from "./text.js";

/** As many lines as are kept; those before stay at the server. */
const LINES = 5000;

export interface Told {
  readonly task: Task | undefined;
  readonly entries: readonly LedgerEntry[];
  readonly events: readonly WatchEvent[];
  /** How many events were told, those that are not kept included. */
  readonly heard: number;
  readonly progress: Progress | undefined;
  readonly why: string;
  /** Looks again: after something was asked of the task, or when a look failed. */
  again(): void;
}

class Story {
  task: Task | undefined;
  entries = new Map<string, LedgerEntry>();
  events: WatchEvent[] = [];
  heard = 0;
  progress: Progress | undefined;
  why = "";
  private sequence = 0;
  private drawn = 0;

  constructor(
    private readonly client: Client,
    private readonly name: string,
    private readonly redraw: () => void,
  ) {}

  /** Follows the task until it is at rest, and then reads it once more, whole. */
  async follow(signal: AbortSignal): Promise<void> {
    this.why = "";
    const handle = this.client.task(this.name);
    this.task = await handle.get({ signal });
    for await (const entry of handle.ledger({ signal })) this.entries.set(entryId(entry), entry);
    this.draw();
    for await (const event of handle.watch({ afterSequence: this.sequence, signal })) this.hear(event);
    this.task = await handle.get({ signal });
    this.progress = undefined;
    this.draw();
  }

  failed(why: string): void {
    this.why = why;
    this.draw();
  }

  private hear(event: WatchEvent): void {
    if (event.kind === "snapshot") this.task = event.snapshot;
    else if (event.kind === "progress") this.progress = event.progress;
    else {
      this.sequence = event.sequence;
      this.heard += 1;
      this.events.push(event);
      if (this.events.length > LINES) this.events.splice(0, this.events.length - LINES);
      if (event.kind === "entry") this.entries.set(entryId(event.entry), event.entry);
      if (event.kind === "state" && this.task) this.task = { ...this.task, state: stateNumber(event.state, this.task) };
    }
    this.draw();
  }

  private draw(): void {
    if (this.drawn) return;
    this.drawn = requestAnimationFrame(() => {
      this.drawn = 0;
      this.redraw();
    });
  }
}

/** One key has an entry for each generation, and may have evidence beside it. */
export function entryId(entry: LedgerEntry): string {
  return `${entry.ordinal}/${entry.key}`;
}

const STATES = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10] as const;

function stateNumber(word: string, task: Task): Task["state"] {
  return STATES.find((number) => taskState(number as Task["state"]) === word) ?? task.state;
}

export function isLog(event: WatchEvent): event is LogEvent {
  return event.kind === "log";
}

/** Returns a task's story, and goes on telling it. */
export function useStory(project: string, id: string): Told {
  const session = useSession();
  const [, redraw] = useState(0);
  const [round, next] = useState(0);
  const story = useRef<{ name: string; told: Story } | undefined>(undefined);
  const name = `projects/${project}/tasks/${id}`;
  useEffect(() => {
    const end = new AbortController();
    if (story.current?.name !== name)
      story.current = { name, told: new Story(session.client(project), name, () => redraw((number) => number + 1)) };
    const { told } = story.current;
    told.follow(end.signal).catch((error: unknown) => {
      if (end.signal.aborted) return;
      session.tell(error);
      told.failed(messageOf(error));
    });
    return () => end.abort(new Error("no longer looked at"));
  }, [name, round]);
  const told = story.current?.name === name ? story.current.told : undefined;
  return {
    task: told?.task,
    entries: [...(told?.entries.values() ?? [])].sort((a, b) => Number(a.ordinal - b.ordinal)),
    events: told?.events ?? [],
    heard: told?.heard ?? 0,
    progress: told?.progress,
    why: told?.why ?? "",
    again: () => next((number) => number + 1),
  };
}
