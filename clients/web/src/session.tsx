/**
 * Who asks: a client for each project, and the token. One that somebody pastes is kept in this page's memory and nowhere
 * else; that of an identity provider is in a cookie that no script can read, and goes with this page's calls by itself.
 */
import { Refused, Unreachable, connect, type Caller, type Client } from "@wharfinger/client/web";
import { createContext } from "preact";
import { useContext, useEffect, useState } from "preact/hooks";
import { messageOf } from "./text.js";

/** What all parts of the page share. */
export interface Session {
  /** The client of a project; `-` is all of them. */
  client(project: string): Client;
  /** Why nothing is heard from the server at present, "" where it answers. */
  readonly trouble: string;
  readonly signedIn: boolean;
  /** Who one is to the server; undefined while that is asked for, and where the server does not tell. */
  readonly caller: Caller | undefined;
  /** Whether one may change things in a project; the server has the last word. */
  mayAct(project: string): boolean;
  /** Tells of an error: one that is about who asks shows the sign-in. */
  tell(error: unknown): void;
  signIn(token: string): void;
  signOut(): void;
}

const QUIET_MS = 4000;
const OPERATOR = 2;
const BY_PROVIDER = 4;

class Desk implements Session {
  trouble = "";
  wanted = false;
  caller: Caller | undefined;
  private token = "";
  private clients = new Map<string, Client>();
  private calm: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly changed: () => void) {}

  get signedIn(): boolean {
    return this.token !== "" || this.caller?.identity === BY_PROVIDER;
  }

  client(project: string): Client {
    let found = this.clients.get(project);
    if (!found) {
      found = connect({ project, token: this.token || undefined, onRetry: (error) => this.lost(error.message) });
      this.clients.set(project, found);
    }
    return found;
  }

  mayAct(project: string): boolean {
    const { caller } = this;
    return !caller || (caller.projectRoles[project] ?? caller.role) >= OPERATOR;
  }

  /** Asks who one is. */
  async meet(signal: AbortSignal): Promise<void> {
    try {
      this.caller = await this.client("-").caller({ signal });
      this.changed();
    } catch (error) {
      if (!signal.aborted) this.tell(error);
    }
  }

  tell(error: unknown): void {
    if (error instanceof Refused && error.code === "UNAUTHENTICATED") {
      this.wanted = true;
      this.changed();
    } else if (error instanceof Unreachable) this.lost(error.detail);
  }

  signIn(token: string): void {
    this.forget(token, false);
  }

  signOut(): void {
    if (this.token === "") void fetch("/session/end", { method: "POST" }).finally(() => this.forget("", true));
    else this.forget("", true);
  }

  private forget(token: string, wanted: boolean): void {
    for (const client of this.clients.values()) client.close();
    this.clients.clear();
    this.token = token;
    this.wanted = wanted;
    this.caller = undefined;
    this.changed();
  }

  /** Says that the connection is lost until a while after the last try: whatever goes on by itself says no more. */
  private lost(why: string): void {
    this.trouble = why;
    clearTimeout(this.calm);
    this.calm = setTimeout(() => {
      this.trouble = "";
      this.changed();
    }, QUIET_MS);
    this.changed();
  }
}

const Context = createContext<Session | undefined>(undefined);

/** Returns the session of the page. */
export function useSession(): Session {
  const session = useContext(Context);
  if (!session) throw new Error("there is no session around this part");
  return session;
}

/** Makes the session, and shows the sign-in where the server wants to know who asks. */
export function WithSession({ children }: { children: preact.ComponentChildren }) {
  const [, redraw] = useState(0);
  const [desk] = useState(() => new Desk(() => redraw((number) => number + 1)));
  const [round, next] = useState(0);
  useEffect(() => {
    const end = new AbortController();
    if (!desk.wanted) void desk.meet(end.signal);
    return () => end.abort(new Error("somebody else looks"));
  }, [round]);
  if (desk.wanted)
    return (
      <SignIn
        onToken={(token) => {
          desk.signIn(token);
          next(round + 1);
        }}
      />
    );
  // A new object each time: what reads `trouble` is drawn anew.
  const session: Session = {
    client: (project) => desk.client(project),
    trouble: desk.trouble,
    signedIn: desk.signedIn,
    caller: desk.caller,
    mayAct: (project) => desk.mayAct(project),
    tell: (error) => desk.tell(error),
    signIn: (token) => desk.signIn(token),
    signOut: () => desk.signOut(),
  };
  return (
    <Context.Provider key={round} value={session}>
      {children}
    </Context.Provider>
  );
}

function SignIn({ onToken }: { onToken: (token: string) => void }) {
  const [token, set] = useState("");
  const [provided, offer] = useState(false);
  useEffect(() => {
    void offersSignIn().then(offer);
  }, []);
  return (
    <main class="sign-in">
      <h1>Wharfinger</h1>
      {provided && (
        <p>
          <a class="button" href={`/session/begin?to=${encodeURIComponent(location.hash)}`}>
            Sign in with your identity provider
          </a>
        </p>
      )}
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (token.trim()) onToken(token.trim());
        }}
      >
        <label>
          Token
          <input
            type="password"
            autocomplete="off"
            autofocus
            value={token}
            onInput={(event) => set(event.currentTarget.value)}
          />
        </label>
        <p class="hint">The server wants to know who asks. The token is kept in this page's memory until it is closed.</p>
        <button type="submit">Sign in</button>
      </form>
    </main>
  );
}

/** Whether people can sign in with their identity provider; a server that can't be asked offers nothing. */
async function offersSignIn(): Promise<boolean> {
  try {
    const answer = await fetch("/session");
    const told: unknown = answer.ok ? await answer.json() : undefined;
    return typeof told === "object" && told !== null && "signIn" in told && told.signIn === true;
  } catch {
    return false;
  }
}

/** What is asked for: nothing yet, an answer, or why there is none. */
export type Asked<T> = { readonly state: "asked" } | { readonly state: "told"; readonly value: T } | { readonly state: "failed"; readonly why: string };

/** Asks when `inputs` change, and again with `again()`; what was asked before is given up. */
export function useAnswer<T>(ask: (signal: AbortSignal) => Promise<T>, inputs: readonly unknown[]): [Asked<T>, () => void] {
  const session = useSession();
  const [asked, set] = useState<Asked<T>>({ state: "asked" });
  const [round, next] = useState(0);
  useEffect(() => {
    const end = new AbortController();
    ask(end.signal).then(
      (value) => end.signal.aborted || set({ state: "told", value }),
      (error: unknown) => {
        if (end.signal.aborted) return;
        session.tell(error);
        set({ state: "failed", why: messageOf(error) });
      },
    );
    return () => end.abort(new Error("no longer wanted"));
  }, [...inputs, round]);
  return [asked, () => next((number) => number + 1)];
}
