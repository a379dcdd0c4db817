/** The tasks of a project as a list that is alive: read by pages, and kept true by one watch. */
import { taskState, type Client, type Task, type TaskStateWord, type WatchEvent } from "@wharfinger/client/web";
import { useEffect, useRef, useState } from "preact/hooks";
import { useSession } from "./session.js";
import { messageOf } from "./text.js";

const FIRST = 200;
/** How long the list waits for more news before it is read anew, in milliseconds. */
const CALM = 400;

export interface Live {
  readonly tasks: readonly Task[];
  /** Changed state or progress since the list was read, by name. */
  readonly state: (task: Task) => TaskStateWord;
  readonly progress: ReadonlyMap<string, Task["progress"]>;
  readonly why: string;
  readonly whole: boolean;
  readonly asked: boolean;
  more(): void;
  again(): void;
}

class Book {
  tasks: Task[] = [];
  states = new Map<string, TaskStateWord>();
  progress = new Map<string, Task["progress"]>();
  why = "";
  whole = false;
  asked = true;
  private pages: AsyncGenerator<Task, void, undefined> | undefined;
  private busy = false;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private drawn = 0;

  constructor(
    private readonly client: Client,
    private readonly filter: string,
    private readonly signal: AbortSignal,
    private readonly redraw: () => void,
    private readonly tell: (error: unknown) => void,
  ) {}

  /** Reads the list from its beginning, as far as it was read. */
  async read(): Promise<void> {
    if (this.busy) return this.later();
    this.busy = true;
    const wanted = Math.max(FIRST, this.tasks.length);
    try {
      const pages = this.client.list({ filter: this.filter, orderBy: "create_time desc", signal: this.signal });
      const [tasks, whole] = await take(pages, wanted);
      Object.assign(this, { tasks, whole, pages, why: "" });
      this.states.clear();
    } catch (error) {
      this.failed(error);
    }
    this.asked = this.busy = false;
    this.draw();
  }

  /** Reads on. */
  async more(): Promise<void> {
    if (this.busy || this.whole || !this.pages) return;
    this.busy = true;
    try {
      const [tasks, whole] = await take(this.pages, FIRST);
      this.tasks = [...this.tasks, ...tasks];
      this.whole = whole;
    } catch (error) {
      this.failed(error);
    }
    this.busy = false;
    this.draw();
  }

  /** Takes what is told of any task. */
  hear(event: WatchEvent): void {
    if (event.kind === "progress") this.progress.set(event.task, event.progress);
    else if (event.kind === "state") {
      this.states.set(event.task, event.state);
      this.later();
    } else return;
    this.draw();
  }

  failed(error: unknown): void {
    if (this.signal.aborted) return;
    this.tell(error);
    this.why = messageOf(error);
    this.draw();
  }

  private later(): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.read(), CALM);
  }

  /** Draws with the next frame: a thousand events a second are sixty drawings. */
  private draw(): void {
    if (this.drawn || this.signal.aborted) return;
    this.drawn = requestAnimationFrame(() => {
      this.drawn = 0;
      this.redraw();
    });
  }
}

async function take(pages: AsyncGenerator<Task, void, undefined>, most: number): Promise<[Task[], boolean]> {
  const tasks: Task[] = [];
  while (tasks.length < most) {
    const next = await pages.next();
    if (next.done) return [tasks, true];
    tasks.push(next.value);
  }
  return [tasks, false];
}

/** Returns the tasks of a project that fit a filter, the newest first, and keeps them true. */
export function useTasks(project: string, filter: string): Live {
  const session = useSession();
  const [, redraw] = useState(0);
  const [round, next] = useState(0);
  const book = useRef<Book | undefined>(undefined);
  useEffect(() => {
    const end = new AbortController();
    const client = session.client(project);
    const mine = new Book(client, filter, end.signal, () => redraw((number) => number + 1), (error) => session.tell(error));
    book.current = mine;
    redraw((number) => number + 1);
    void mine.read();
    void follow(client, mine, end.signal);
    return () => end.abort(new Error("no longer looked at"));
  }, [project, filter, round]);
  const { tasks = [], states, progress = new Map(), why = "", whole = false, asked = true } = book.current ?? {};
  return {
    tasks,
    progress,
    why,
    whole,
    asked,
    state: (task) => states?.get(task.name) ?? taskState(task.state),
    more: () => void book.current?.more(),
    again: () => next((number) => number + 1),
  };
}

async function follow(client: Client, book: Book, signal: AbortSignal): Promise<void> {
  try {
    for await (const event of client.watchProject({ signal })) book.hear(event);
  } catch (error) {
    book.failed(error);
  }
}
