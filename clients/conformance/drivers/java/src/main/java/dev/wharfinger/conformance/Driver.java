package dev.wharfinger.conformance;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Struct;
import com.google.protobuf.util.JsonFormat;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** Speaks for the Java client: requests as lines of JSON on stdin, answers on stdout. */
public final class Driver {
  private final OutputStream out = System.out;
  private final Operations operations = new Operations(this::write);

  public static void main(String[] args) throws IOException {
    new Driver().run();
  }

  private void run() throws IOException {
    BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    ExecutorService threads =
        Executors.newCachedThreadPool(
            work -> {
              Thread thread = new Thread(work);
              thread.setDaemon(true);
              return thread;
            });
    for (String line = in.readLine(); line != null; line = in.readLine()) {
      Struct.Builder request = Struct.newBuilder();
      JsonFormat.parser().merge(line, request);
      Args whole = new Args(request.build());
      if (whole.text("op").equals("connect") || whole.text("op").equals("stop")) {
        // What comes after them counts on them.
        answer(whole);
      } else {
        threads.execute(() -> answer(whole));
      }
    }
    operations.close();
  }

  private void answer(Args request) {
    long id = request.number("id");
    try {
      write(id, "value", operations.run(id, request.text("op"), request.inner("args")));
    } catch (RuntimeException | InvalidProtocolBufferException error) {
      write(id, "error", Telling.error(error));
    }
  }

  private synchronized void write(long id, String kind, Object value) {
    Map<String, Object> answer = new LinkedHashMap<>();
    answer.put("id", id);
    answer.put(kind, value);
    try {
      out.write((Json.text(answer) + "\n").getBytes(StandardCharsets.UTF_8));
      out.flush();
    } catch (IOException gone) {
      System.exit(1);
    }
  }
}
