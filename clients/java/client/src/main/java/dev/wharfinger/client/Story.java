package dev.wharfinger.client;

import com.google.protobuf.Message;
import io.grpc.MethodDescriptor;
import java.util.List;

/** What a watch follows: how to ask for it from where it stands, and what each answer tells that was not told before. */
interface Story<Q extends Message, A> {
  MethodDescriptor<Q, A> method();

  /** The request that goes on from here. */
  Q request();

  /** What a message tells; {@code fresh}: it is the first of its connection. */
  List<TaskEvent> take(A message, boolean fresh);

  /** What is left to tell when the server ended the stream well. */
  List<TaskEvent> end();

  /** Whether all has been told. */
  boolean over();

  /** Whether events were missing before the last message, so that it has to be asked for anew. Told once. */
  boolean gap();
}
