package dev.wharfinger.client;

import com.google.protobuf.ByteString;
import dev.wharfinger.v1.AccessServiceGrpc;
import dev.wharfinger.v1.BatchCreateTasksRequest;
import dev.wharfinger.v1.Budget;
import dev.wharfinger.v1.Caller;
import dev.wharfinger.v1.CreateTaskRequest;
import dev.wharfinger.v1.EstimateCostRequest;
import dev.wharfinger.v1.GetCallerRequest;
import dev.wharfinger.v1.GetPriceRequest;
import dev.wharfinger.v1.LeftoverGrouping;
import dev.wharfinger.v1.ListBudgetsRequest;
import dev.wharfinger.v1.ListPriceHistoryRequest;
import dev.wharfinger.v1.PriceChange;
import dev.wharfinger.v1.PricePoint;
import dev.wharfinger.v1.PricingServiceGrpc;
import dev.wharfinger.v1.SummarizeLeftoversRequest;
import dev.wharfinger.v1.SummarizeLeftoversResponse;
import dev.wharfinger.v1.TaskServiceGrpc;
import io.grpc.Channel;
import io.grpc.ManagedChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Stream;

/**
 * A connection to a Wharfinger server, in one project. Safe for use by several threads; make one and keep it. Making one needs
 * no server: the first call does.
 *
 * <p>Calls block. Each is tried again while that may help, as the API's own table of errors says: for 10 seconds (5 where the
 * server never answered), then it throws {@link UnreachableException} or {@link RefusedException}. An interrupted thread's call
 * throws {@link java.util.concurrent.CancellationException}.
 */
public final class WharfingerClient implements AutoCloseable {
  private static final int BATCH_COUNT = 1000;
  // The API takes 3 MiB; what frames each request is counted generously.
  private static final int BATCH_BYTES = 3 * 1024 * 1024 - 16 * 1024;

  private final Connection connection;
  private final Executor executor;
  private final Duration heartbeat;
  private final Duration patience;
  private final String parent;

  private WharfingerClient(Builder wished, Settings settings, ManagedChannel channel) {
    this.connection = new Connection(settings, channel, wished.patience);
    this.executor = wished.executor;
    this.heartbeat = wished.heartbeat;
    this.patience = wished.patience;
    this.parent = "projects/" + settings.project();
  }

  /**
   * A client as the environment wants it: WHARFINGER_SERVER, _PROJECT, _TOKEN or _TOKEN_FILE, and _CA.
   *
   * @return a client, to be closed
   * @throws IllegalArgumentException a setting is wrong; it says which and what to do
   */
  public static WharfingerClient connect() {
    return builder().build();
  }

  /**
   * A client that is told where to go; the environment tells what is left out.
   *
   * @return a builder
   */
  public static Builder builder() {
    return new Builder();
  }

  /** What a client is made of. What is not set is read from the environment, and has a default otherwise. */
  public static final class Builder {
    String server;
    String project;
    String token;
    Boolean tls;
    byte[] ca;
    byte[] cert;
    byte[] key;
    private ManagedChannel channel;
    private Executor executor = Threads.DEFAULT;
    private Duration heartbeat = Duration.ofSeconds(5);
    private Duration patience = Duration.ofSeconds(10);

    private Builder() {}

    /**
     * Where the server is.
     *
     * @param address {@code host}, {@code host:port}, {@code [v6]:port}, {@code unix:/path}, or any of these after {@code
     *     https://} (TLS) or {@code http://} (none); default {@code 127.0.0.1:7480}
     * @return this
     */
    public Builder server(String address) {
      server = address;
      return this;
    }

    /**
     * The project of all that is asked for by plain ids.
     *
     * @param name its plain name; default {@code default}
     * @return this
     */
    public Builder project(String name) {
      project = name;
      return this;
    }

    /**
     * Who is calling. It is sent by TLS, to this machine's own addresses, and nowhere else.
     *
     * @param bearer the token; empty: none, whatever the environment has
     * @return this
     */
    public Builder token(String bearer) {
      token = bearer;
      return this;
    }

    /**
     * Whether to speak TLS, where the address does not say it. Default: not to this machine's own addresses, otherwise yes.
     *
     * @param secure whether to
     * @return this
     */
    public Builder tls(boolean secure) {
      tls = secure;
      return this;
    }

    /**
     * The authorities to trust, in place of those of this Java; asks for TLS too.
     *
     * @param file certificates as PEM
     * @return this
     * @throws java.io.UncheckedIOException the file can't be read
     */
    public Builder ca(Path file) {
      ca = Settings.pem(file, "the certificates to trust");
      return this;
    }

    /**
     * What this client shows to a server that asks callers for a certificate; asks for TLS too.
     *
     * @param certificate the certificate as PEM
     * @param privateKey its key as PEM
     * @return this
     * @throws java.io.UncheckedIOException a file can't be read
     */
    public Builder clientCertificate(Path certificate, Path privateKey) {
      cert = Settings.pem(certificate, "the certificate");
      key = Settings.pem(privateKey, "its key");
      return this;
    }

    /**
     * Where futures are worked at. Default: virtual threads where Java has them, otherwise as many daemon threads as are needed.
     *
     * @param pool whose threads may block
     * @return this
     */
    public Builder executor(Executor pool) {
      executor = pool;
      return this;
    }

    /**
     * How often a quiet watch is told that it is alive; after three of them without a word the connection counts as dead.
     *
     * @param interval 1 second to 5 minutes; default 5 seconds
     * @return this
     */
    public Builder heartbeat(Duration interval) {
      heartbeat = interval;
      return this;
    }

    /**
     * How long a call bears a server that is away or refuses for the moment. Watching and waiting bear it for ever once the
     * server has answered.
     *
     * @param longest default 10 seconds
     * @return this
     */
    public Builder patience(Duration longest) {
      patience = longest;
      return this;
    }

    /**
     * A channel of the caller's own, in place of one that is opened to the server. Closing the client closes it.
     *
     * @param own which
     * @return this
     */
    public Builder channel(ManagedChannel own) {
      channel = own;
      return this;
    }

    /**
     * Makes the client.
     *
     * @return a client, to be closed
     * @throws IllegalArgumentException a setting is wrong; it says which and what to do
     */
    public WharfingerClient build() {
      Settings settings = Settings.resolve(this, System.getenv());
      return new WharfingerClient(this, settings, channel == null ? Connection.open(settings) : channel);
    }
  }

  /**
   * Submits a task. When this returns it is durable and will be run, once, however often the request had to be sent.
   *
   * @param script its name, such as {@code image.import}
   * @param params a record, a map or a Struct; null for none
   * @return the task
   * @throws RefusedException the server will not have it
   * @throws UnreachableException no answer; the task may have been accepted
   */
  public TaskHandle submit(String script, Object params) {
    return submit(Submission.of(script, params));
  }

  /**
   * Submits a task with more than its params.
   *
   * @param submission what; the same again makes no second task
   * @return the task
   */
  public TaskHandle submit(Submission submission) {
    return handle(connection.call(TaskServiceGrpc.getCreateTaskMethod(), submission.request(parent)));
  }

  /**
   * As {@link #submit(String, Object)}, on another thread.
   *
   * @param script its name
   * @param params a record, a map or a Struct; null for none
   * @return a future that fails with what {@link #submit(String, Object)} throws
   */
  public CompletableFuture<TaskHandle> submitAsync(String script, Object params) {
    return submitAsync(Submission.of(script, params));
  }

  /**
   * As {@link #submit(Submission)}, on another thread.
   *
   * @param submission what
   * @return a future that fails with what {@link #submit(Submission)} throws
   */
  public CompletableFuture<TaskHandle> submitAsync(Submission submission) {
    return later(() -> submit(submission));
  }

  /**
   * Submits many tasks, each for itself, in as few calls as the API allows.
   *
   * @param submissions what
   * @return what became of each, in the same order
   */
  public List<Outcome> submitAll(List<Submission> submissions) {
    List<Outcome> outcomes = new ArrayList<>();
    List<CreateTaskRequest> batch = new ArrayList<>();
    int size = 0;
    for (Submission submission : submissions) {
      CreateTaskRequest request = submission.request(parent);
      int own = request.getSerializedSize() + 8;
      if (!batch.isEmpty() && (batch.size() == BATCH_COUNT || size + own > BATCH_BYTES)) {
        outcomes.addAll(send(batch));
        batch.clear();
        size = 0;
      }
      batch.add(request);
      size += own;
    }
    if (!batch.isEmpty()) {
      outcomes.addAll(send(batch));
    }
    return outcomes;
  }

  /** A failure of the call as a whole is the outcome of each. */
  private List<Outcome> send(List<CreateTaskRequest> batch) {
    BatchCreateTasksRequest request =
        BatchCreateTasksRequest.newBuilder().setParent(parent).addAllRequests(batch).build();
    try {
      return connection.call(TaskServiceGrpc.getBatchCreateTasksMethod(), request).getOutcomesList().stream()
          .map(
              outcome ->
                  outcome.hasTask()
                      ? new Outcome.Accepted(handle(outcome.getTask()))
                      : new Outcome.NotAccepted(Errors.refused(outcome.getError(), null)))
          .map(Outcome.class::cast)
          .toList();
    } catch (WharfingerException error) {
      return batch.stream().map(one -> (Outcome) new Outcome.NotAccepted(error)).toList();
    }
  }

  /**
   * A task that was submitted before. Nothing is asked yet.
   *
   * @param nameOrId its full name, or its id in this client's project
   * @return its handle
   */
  public TaskHandle task(String nameOrId) {
    return new TaskHandle(this, nameOrId.contains("/") ? nameOrId : parent + "/tasks/" + nameOrId);
  }

  /**
   * The project's tasks, the newest first.
   *
   * @param filter such as {@code state = FAILED AND labels.env = "prod"}; empty: all
   * @return read page by page; their handles lack params, results and where a half-done task stands until they are refreshed
   */
  public Stream<TaskHandle> list(String filter) {
    return Pages.tasks(connection, parent, filter).map(this::handle);
  }

  /**
   * Tells what happens in the project, without an end: first a snapshot of each task that is not at rest.
   *
   * @param filter by what never changes, such as {@code script = "image.import"}; empty: all tasks
   * @return a watch that resumes by itself, to be closed
   */
  public TaskWatch watchProject(String filter) {
    return watchProject(filter, ByteString.EMPTY);
  }

  /**
   * Goes on telling what happens in the project.
   *
   * @param filter the same as before
   * @param resumeToken of the last event that was dealt with ({@link TaskEvent#resumeToken()}); empty: from now on
   * @return a watch that resumes by itself, to be closed
   */
  public TaskWatch watchProject(String filter, ByteString resumeToken) {
    return watch(beat -> new ProjectStory(parent, filter, resumeToken, beat));
  }

  /**
   * Who calls, as the server knows it, and what the credential opens.
   *
   * @return the message of the protos
   */
  public Caller caller() {
    return connection.call(AccessServiceGrpc.getGetCallerMethod(), GetCallerRequest.getDefaultInstance());
  }

  /**
   * One price, from the first layer that has it.
   *
   * @param provider its short name, such as {@code ec2_linux}
   * @param sku what is priced, in the provider's words
   * @param region the provider's; empty: the only one there is
   * @return the price
   * @throws RefusedException PRICE_UNKNOWN, which is not zero; PRICE_AMBIGUOUS with the choices
   */
  public UnitPrice price(String provider, String sku, String region) {
    return price(GetPriceRequest.newBuilder().setProvider(provider).setSku(sku).setRegion(region).build());
  }

  /**
   * One price, with all that can be asked about it.
   *
   * @param request of the protos; its parent is set to this client's project
   * @return the price
   */
  public UnitPrice price(GetPriceRequest request) {
    GetPriceRequest asked = request.toBuilder().setParent(parent).build();
    return UnitPrice.of(connection.call(PricingServiceGrpc.getGetPriceMethod(), asked));
  }

  /**
   * Prices in the order of provider, region and sku.
   *
   * @param filter such as {@code provider = "ec2_linux" AND sku : "m5."}; empty: all
   * @return read page by page
   */
  public Stream<UnitPrice> prices(String filter) {
    return Pages.prices(connection, parent, filter).map(UnitPrice::of);
  }

  /**
   * Since when a thing cost what.
   *
   * @param request of the protos; its parent is set to this client's project
   * @return the oldest first; the last one is what {@link #price(GetPriceRequest)} answers now
   * @throws RefusedException as there, where nothing is known of the thing now
   */
  public List<PricePoint> priceHistory(ListPriceHistoryRequest request) {
    ListPriceHistoryRequest asked = request.toBuilder().setParent(parent).build();
    return connection.call(PricingServiceGrpc.getListPriceHistoryMethod(), asked).getPointsList();
  }

  /**
   * What is not the same in two catalogues, in the order of provider, region and sku.
   *
   * @param catalog the name of the later one
   * @param before the name of the earlier one; empty: what was active in the source before
   * @return read page by page
   */
  public Stream<PriceChange> priceChanges(String catalog, String before) {
    return Pages.priceChanges(connection, catalog, before);
  }

  /**
   * What the project may spend an hour, and does; for {@code -} each project that the credential opens.
   *
   * @return those that have a budget
   */
  public List<Budget> budgets() {
    ListBudgetsRequest request = ListBudgetsRequest.newBuilder().setParent(parent).build();
    return connection.call(PricingServiceGrpc.getListBudgetsMethod(), request).getBudgetsList();
  }

  /**
   * What half-done tasks left behind, summed up; for {@code -} of each project that the credential opens.
   *
   * @param by what makes a group
   * @return the groups and their sum
   */
  public SummarizeLeftoversResponse leftovers(LeftoverGrouping by) {
    SummarizeLeftoversRequest request =
        SummarizeLeftoversRequest.newBuilder().setParent(parent).setGroupBy(by).build();
    return connection.call(TaskServiceGrpc.getSummarizeLeftoversMethod(), request);
  }

  /**
   * What a task would cost, without submitting it.
   *
   * @param script its name
   * @param params a record, a map or a Struct; null for none
   * @return the estimate
   * @throws RefusedException CANNOT_ESTIMATE for a script that can't
   */
  public Estimate estimate(String script, Object params) {
    EstimateCostRequest request =
        EstimateCostRequest.newBuilder().setParent(parent).setTask(Submission.of(script, params).task()).build();
    return Estimate.of(connection.call(PricingServiceGrpc.getEstimateCostMethod(), request));
  }

  /**
   * Tasks that are asked for at times. Experimental.
   *
   * @return the schedules of this client's project
   */
  public Schedules schedules() {
    return new Schedules(this, parent);
  }

  /**
   * What this client is built on, with the token on each call: for stubs of {@code dev.wharfinger.v1}. Nothing is tried again
   * there.
   *
   * @return the channel
   */
  public Channel channel() {
    return connection.channel();
  }

  /** Closes the connection; calls and watches that are open end. */
  @Override
  public void close() {
    connection.close();
  }

  Connection connection() {
    return connection;
  }

  TaskWatch watch(Function<com.google.protobuf.Duration, Story<?, ?>> story) {
    return new TaskWatch(connection, story.apply(raw(heartbeat)), heartbeat, patience);
  }

  <T> CompletableFuture<T> later(Supplier<T> work) {
    return CompletableFuture.supplyAsync(work, executor);
  }

  private TaskHandle handle(dev.wharfinger.v1.Task task) {
    return new TaskHandle(this, task);
  }

  static com.google.protobuf.Duration raw(Duration length) {
    return com.google.protobuf.Duration.newBuilder().setSeconds(length.getSeconds()).setNanos(length.getNano()).build();
  }
}
