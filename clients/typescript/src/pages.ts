import {
  create,
  type DescMessage,
  type DescMethodUnary,
  type MessageInitShape,
  type MessageShape,
} from "@bufbuild/protobuf";
import type { Calls } from "./calls.js";

/** Tells the items of a list, page by page. */
export async function* pages<I extends DescMessage, O extends DescMessage, T>(
  calls: Calls,
  method: DescMethodUnary<I, O>,
  input: MessageInitShape<I>,
  items: (page: MessageShape<O>) => readonly T[],
  signal?: AbortSignal,
): AsyncGenerator<T, void, undefined> {
  const request = create(method.input, input) as MessageShape<I> & { pageToken: string };
  do {
    const page = await calls.unary(method, request as MessageInitShape<I>, { signal });
    yield* items(page);
    request.pageToken = "nextPageToken" in page ? String(page.nextPageToken) : "";
  } while (request.pageToken);
}
