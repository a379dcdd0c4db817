package dev.wharfinger.conformance;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.util.JsonFormat;
import dev.wharfinger.client.Outcome;
import dev.wharfinger.client.RollbackPlan;
import dev.wharfinger.client.Submission;
import dev.wharfinger.client.TaskEvent;
import dev.wharfinger.client.TaskHandle;
import dev.wharfinger.client.TaskWatch;
import dev.wharfinger.client.UnitPrice;
import dev.wharfinger.client.WharfingerClient;
import dev.wharfinger.v1.GetPriceRequest;
import dev.wharfinger.v1.LeftoverGrouping;
import dev.wharfinger.v1.ListPriceHistoryRequest;
import dev.wharfinger.v1.LedgerVerdict;
import dev.wharfinger.v1.Policy;
import dev.wharfinger.v1.Schedule;
import dev.wharfinger.v1.Task;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** The operations of the conformance suite, each by the client's own verb. */
final class Operations {
  private final Sink sink;
  private final Map<Long, TaskWatch> watches = new ConcurrentHashMap<>();
  private final Set<Long> stopped = ConcurrentHashMap.newKeySet();
  private volatile WharfingerClient client;

  /** Where answers go. */
  interface Sink {
    void write(long id, String kind, Object value);
  }

  Operations(Sink sink) {
    this.sink = sink;
  }

  /** The value that answers a request. */
  Object run(long id, String op, Args args) throws InvalidProtocolBufferException {
    return switch (op) {
      case "connect" -> connect(args);
      case "submit" -> Telling.task(client.submit(submission(args)));
      case "batch" -> batch(args);
      case "get" -> Telling.task(task(args).refresh());
      case "list" -> client.list(args.text("filter")).map(Telling::task).toList();
      case "watch" -> tell(id, task(args).watch());
      case "whoami" -> Telling.caller(client.caller());
      case "count" -> {
        long events = 0;
        try (TaskWatch watch = task(args).watch()) {
          for (TaskEvent ignored : watch) {
            events++;
          }
        }
        yield Map.of("events", events);
      }
      case "watch_project" -> tell(id, client.watchProject(args.text("filter"), token(args)));
      case "stop" -> stop(args.number("id"));
      case "result" -> {
        // The result as JSON has it, not as Java's maps print.
        TaskHandle task = args.has("timeout") ? task(args).await(seconds(args)) : task(args);
        yield Map.of("result", Telling.json(task.resultAs(com.google.protobuf.Struct.class)));
      }
      case "cancel" -> Telling.task(task(args).cancel(args.text("reason")));
      case "resume" -> Telling.task(task(args).resume());
      case "rollback" -> Telling.task(task(args).rollback(args.texts("only"), args.texts("retain")));
      case "resolve" -> {
        LedgerVerdict verdict = LedgerVerdict.valueOf("LEDGER_VERDICT_" + args.text("verdict"));
        yield Telling.task(task(args).resolve(args.text("key"), verdict, args.text("external_id")));
      }
      case "delete" -> {
        task(args).delete(args.flag("allow_missing"));
        yield Map.of();
      }
      case "plan" -> plan(task(args).planRollback());
      case "ledger" -> task(args).ledger().map(Telling::entry).toList();
      case "events" -> task(args).events(0).map(Telling::event).toList();
      case "price" ->
          price(
              client.price(
                  GetPriceRequest.newBuilder()
                      .setProvider(args.text("provider"))
                      .setSku(args.text("sku"))
                      .setRegion(args.text("region"))
                      .setUnit(args.text("unit"))
                      .setSource(args.text("source"))
                      .build()));
      case "estimate" -> Telling.estimate(client.estimate(args.text("script"), args.inner("params").struct()));
      case "price_history" ->
          client
              .priceHistory(
                  ListPriceHistoryRequest.newBuilder()
                      .setProvider(args.text("provider"))
                      .setSku(args.text("sku"))
                      .build())
              .stream()
              .map(point -> Telling.amount(point.getPrice()))
              .toList();
      case "price_changes" -> client.priceChanges(args.text("catalog"), "").map(Telling::change).toList();
      case "budgets" -> client.budgets().stream().map(Telling::budget).toList();
      case "leftovers" ->
          Telling.leftovers(
              client.leftovers(LeftoverGrouping.valueOf("LEFTOVER_GROUPING_" + args.text("by").toUpperCase())));
      case "schedule_create" -> schedule(client.schedules().create(args.text("schedule"), wished(args)));
      case "schedule_get" -> schedule(client.schedules().get(args.text("schedule")));
      case "schedule_list" -> client.schedules().list().map(this::schedule).toList();
      case "schedule_pause" -> schedule(client.schedules().pause(args.text("schedule")));
      case "schedule_resume" -> schedule(client.schedules().resume(args.text("schedule")));
      case "schedule_run" -> Telling.task(client.schedules().run(args.text("schedule")));
      case "schedule_delete" -> {
        client.schedules().delete(args.text("schedule"));
        yield Map.of();
      }
      case "json" -> Telling.json(task(args).refresh().raw());
      default -> throw new IllegalArgumentException("there is no operation " + op);
    };
  }

  private Schedule wished(Args args) throws InvalidProtocolBufferException {
    Task.Builder task = Task.newBuilder().setScript(args.text("script")).setParams(args.inner("params").struct());
    return Schedule.newBuilder().setTask(task).setCron(args.text("cron")).setTimeZone(args.text("time_zone")).build();
  }

  private Object schedule(Schedule told) {
    return Map.of(
        "name", told.getName(), "cron", told.getCron(), "time_zone", told.getTimeZone(), "paused", told.getPaused());
  }

  private Object connect(Args args) {
    WharfingerClient.Builder builder = WharfingerClient.builder();
    if (args.has("server")) {
      builder.server(args.text("server"));
    }
    if (args.has("project")) {
      builder.project(args.text("project"));
    }
    if (args.has("token")) {
      builder.token(args.text("token"));
    }
    if (args.has("ca")) {
      builder.ca(Path.of(args.text("ca")));
    }
    if (args.flag("plaintext")) {
      builder.tls(false);
    }
    client = builder.build();
    return Map.of();
  }

  private Submission submission(Args args) throws InvalidProtocolBufferException {
    Submission submission = Submission.of(args.text("script"), args.inner("params").struct()).taskId(args.text("task_id"));
    if (args.has("request_id")) {
      submission.requestId(args.text("request_id"));
    }
    args.inner("labels").struct().getFieldsMap().forEach((key, value) -> submission.label(key, value.getStringValue()));
    if (args.has("policy")) {
      Policy.Builder policy = Policy.newBuilder();
      JsonFormat.parser().merge(JsonFormat.printer().print(args.inner("policy").struct()), policy);
      submission.policy(policy.build());
    }
    return args.flag("validate_only") ? submission.validateOnly() : submission;
  }

  private Object batch(Args args) throws InvalidProtocolBufferException {
    List<Submission> submissions = new ArrayList<>();
    for (Args one : args.inners("tasks")) {
      submissions.add(submission(one));
    }
    return client.submitAll(submissions).stream()
        .map(
            outcome ->
                outcome instanceof Outcome.NotAccepted not
                    ? Map.of("error", Telling.error(not.error()))
                    : Map.of("task", Telling.task(outcome.task())))
        .toList();
  }

  private Object tell(long id, TaskWatch watch) {
    watches.put(id, watch);
    if (stopped.contains(id)) {
      watch.close();
    }
    try (watch) {
      for (TaskEvent event : watch) {
        sink.write(id, "event", Telling.event(event));
      }
    }
    return stopped.contains(id) ? Map.of("stopped", true) : Map.of();
  }

  private Object stop(long id) {
    stopped.add(id);
    TaskWatch watch = watches.get(id);
    if (watch != null) {
      watch.close();
    }
    return Map.of();
  }

  private static Object plan(RollbackPlan plan) {
    Map<String, Object> told = new LinkedHashMap<>();
    told.put("waves", plan.waves());
    told.put("retained", plan.retained());
    told.put("sought", plan.sought());
    told.put("blocked", plan.blocked());
    return told;
  }

  private static Object price(UnitPrice price) {
    Map<String, Object> told = new LinkedHashMap<>();
    told.put("amount", price.amount().map(money -> money.amount().toPlainString()).orElse(null));
    told.put("currency", price.amount().map(money -> money.currency()).orElse(null));
    told.put("unit", price.unit());
    return told;
  }

  private TaskHandle task(Args args) {
    return client.task(args.text("task"));
  }

  private static Duration seconds(Args args) {
    return Duration.ofMillis((long) (args.real("timeout") * 1000));
  }

  private static ByteString token(Args args) {
    return ByteString.copyFrom(HexFormat.of().parseHex(args.text("resume_token")));
  }

  void close() {
    WharfingerClient present = client;
    if (present != null) {
      present.close();
    }
  }
}
