package dev.wharfinger.v1;

import static io.grpc.MethodDescriptor.generateFullMethodName;

/**
 * <pre>
 * Shows the executors and scripts that are installed. Plug-ins that don't load are shown as well, with the reason.
 * </pre>
 */
@io.grpc.stub.annotations.GrpcGenerated
public final class ExecutorServiceGrpc {

  private ExecutorServiceGrpc() {}

  public static final java.lang.String SERVICE_NAME = "wharfinger.v1.ExecutorService";

  // Static method descriptors that strictly reflect the proto.
  private static volatile io.grpc.MethodDescriptor<dev.wharfinger.v1.ListExecutorsRequest,
      dev.wharfinger.v1.ListExecutorsResponse> getListExecutorsMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "ListExecutors",
      requestType = dev.wharfinger.v1.ListExecutorsRequest.class,
      responseType = dev.wharfinger.v1.ListExecutorsResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.wharfinger.v1.ListExecutorsRequest,
      dev.wharfinger.v1.ListExecutorsResponse> getListExecutorsMethod() {
    io.grpc.MethodDescriptor<dev.wharfinger.v1.ListExecutorsRequest, dev.wharfinger.v1.ListExecutorsResponse> getListExecutorsMethod;
    if ((getListExecutorsMethod = ExecutorServiceGrpc.getListExecutorsMethod) == null) {
      synchronized (ExecutorServiceGrpc.class) {
        if ((getListExecutorsMethod = ExecutorServiceGrpc.getListExecutorsMethod) == null) {
          ExecutorServiceGrpc.getListExecutorsMethod = getListExecutorsMethod =
              io.grpc.MethodDescriptor.<dev.wharfinger.v1.ListExecutorsRequest, dev.wharfinger.v1.ListExecutorsResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "ListExecutors"))
              .setSafe(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.wharfinger.v1.ListExecutorsRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.wharfinger.v1.ListExecutorsResponse.getDefaultInstance()))
              .setSchemaDescriptor(new ExecutorServiceMethodDescriptorSupplier("ListExecutors"))
              .build();
        }
      }
    }
    return getListExecutorsMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.wharfinger.v1.GetExecutorRequest,
      dev.wharfinger.v1.Executor> getGetExecutorMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "GetExecutor",
      requestType = dev.wharfinger.v1.GetExecutorRequest.class,
      responseType = dev.wharfinger.v1.Executor.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.wharfinger.v1.GetExecutorRequest,
      dev.wharfinger.v1.Executor> getGetExecutorMethod() {
    io.grpc.MethodDescriptor<dev.wharfinger.v1.GetExecutorRequest, dev.wharfinger.v1.Executor> getGetExecutorMethod;
    if ((getGetExecutorMethod = ExecutorServiceGrpc.getGetExecutorMethod) == null) {
      synchronized (ExecutorServiceGrpc.class) {
        if ((getGetExecutorMethod = ExecutorServiceGrpc.getGetExecutorMethod) == null) {
          ExecutorServiceGrpc.getGetExecutorMethod = getGetExecutorMethod =
              io.grpc.MethodDescriptor.<dev.wharfinger.v1.GetExecutorRequest, dev.wharfinger.v1.Executor>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "GetExecutor"))
              .setSafe(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.wharfinger.v1.GetExecutorRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.wharfinger.v1.Executor.getDefaultInstance()))
              .setSchemaDescriptor(new ExecutorServiceMethodDescriptorSupplier("GetExecutor"))
              .build();
        }
      }
    }
    return getGetExecutorMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.wharfinger.v1.ListScriptsRequest,
      dev.wharfinger.v1.ListScriptsResponse> getListScriptsMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "ListScripts",
      requestType = dev.wharfinger.v1.ListScriptsRequest.class,
      responseType = dev.wharfinger.v1.ListScriptsResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.wharfinger.v1.ListScriptsRequest,
      dev.wharfinger.v1.ListScriptsResponse> getListScriptsMethod() {
    io.grpc.MethodDescriptor<dev.wharfinger.v1.ListScriptsRequest, dev.wharfinger.v1.ListScriptsResponse> getListScriptsMethod;
    if ((getListScriptsMethod = ExecutorServiceGrpc.getListScriptsMethod) == null) {
      synchronized (ExecutorServiceGrpc.class) {
        if ((getListScriptsMethod = ExecutorServiceGrpc.getListScriptsMethod) == null) {
          ExecutorServiceGrpc.getListScriptsMethod = getListScriptsMethod =
              io.grpc.MethodDescriptor.<dev.wharfinger.v1.ListScriptsRequest, dev.wharfinger.v1.ListScriptsResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "ListScripts"))
              .setSafe(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.wharfinger.v1.ListScriptsRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.wharfinger.v1.ListScriptsResponse.getDefaultInstance()))
              .setSchemaDescriptor(new ExecutorServiceMethodDescriptorSupplier("ListScripts"))
              .build();
        }
      }
    }
    return getListScriptsMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.wharfinger.v1.GetScriptRequest,
      dev.wharfinger.v1.Script> getGetScriptMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "GetScript",
      requestType = dev.wharfinger.v1.GetScriptRequest.class,
      responseType = dev.wharfinger.v1.Script.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.wharfinger.v1.GetScriptRequest,
      dev.wharfinger.v1.Script> getGetScriptMethod() {
    io.grpc.MethodDescriptor<dev.wharfinger.v1.GetScriptRequest, dev.wharfinger.v1.Script> getGetScriptMethod;
    if ((getGetScriptMethod = ExecutorServiceGrpc.getGetScriptMethod) == null) {
      synchronized (ExecutorServiceGrpc.class) {
        if ((getGetScriptMethod = ExecutorServiceGrpc.getGetScriptMethod) == null) {
          ExecutorServiceGrpc.getGetScriptMethod = getGetScriptMethod =
              io.grpc.MethodDescriptor.<dev.wharfinger.v1.GetScriptRequest, dev.wharfinger.v1.Script>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "GetScript"))
              .setSafe(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.wharfinger.v1.GetScriptRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.wharfinger.v1.Script.getDefaultInstance()))
              .setSchemaDescriptor(new ExecutorServiceMethodDescriptorSupplier("GetScript"))
              .build();
        }
      }
    }
    return getGetScriptMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.wharfinger.v1.WorkRequest,
      dev.wharfinger.v1.WorkResponse> getWorkMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "Work",
      requestType = dev.wharfinger.v1.WorkRequest.class,
      responseType = dev.wharfinger.v1.WorkResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.BIDI_STREAMING)
  public static io.grpc.MethodDescriptor<dev.wharfinger.v1.WorkRequest,
      dev.wharfinger.v1.WorkResponse> getWorkMethod() {
    io.grpc.MethodDescriptor<dev.wharfinger.v1.WorkRequest, dev.wharfinger.v1.WorkResponse> getWorkMethod;
    if ((getWorkMethod = ExecutorServiceGrpc.getWorkMethod) == null) {
      synchronized (ExecutorServiceGrpc.class) {
        if ((getWorkMethod = ExecutorServiceGrpc.getWorkMethod) == null) {
          ExecutorServiceGrpc.getWorkMethod = getWorkMethod =
              io.grpc.MethodDescriptor.<dev.wharfinger.v1.WorkRequest, dev.wharfinger.v1.WorkResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.BIDI_STREAMING)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "Work"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.wharfinger.v1.WorkRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.wharfinger.v1.WorkResponse.getDefaultInstance()))
              .setSchemaDescriptor(new ExecutorServiceMethodDescriptorSupplier("Work"))
              .build();
        }
      }
    }
    return getWorkMethod;
  }

  /**
   * Creates a new async stub that supports all call types for the service
   */
  public static ExecutorServiceStub newStub(io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<ExecutorServiceStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<ExecutorServiceStub>() {
        @java.lang.Override
        public ExecutorServiceStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new ExecutorServiceStub(channel, callOptions);
        }
      };
    return ExecutorServiceStub.newStub(factory, channel);
  }

  /**
   * Creates a new blocking-style stub that supports all types of calls on the service
   */
  public static ExecutorServiceBlockingV2Stub newBlockingV2Stub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<ExecutorServiceBlockingV2Stub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<ExecutorServiceBlockingV2Stub>() {
        @java.lang.Override
        public ExecutorServiceBlockingV2Stub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new ExecutorServiceBlockingV2Stub(channel, callOptions);
        }
      };
    return ExecutorServiceBlockingV2Stub.newStub(factory, channel);
  }

  /**
   * Creates a new blocking-style stub that supports unary and streaming output calls on the service
   */
  public static ExecutorServiceBlockingStub newBlockingStub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<ExecutorServiceBlockingStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<ExecutorServiceBlockingStub>() {
        @java.lang.Override
        public ExecutorServiceBlockingStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new ExecutorServiceBlockingStub(channel, callOptions);
        }
      };
    return ExecutorServiceBlockingStub.newStub(factory, channel);
  }

  /**
   * Creates a new ListenableFuture-style stub that supports unary calls on the service
   */
  public static ExecutorServiceFutureStub newFutureStub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<ExecutorServiceFutureStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<ExecutorServiceFutureStub>() {
        @java.lang.Override
        public ExecutorServiceFutureStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new ExecutorServiceFutureStub(channel, callOptions);
        }
      };
    return ExecutorServiceFutureStub.newStub(factory, channel);
  }

  /**
   * <pre>
   * Shows the executors and scripts that are installed. Plug-ins that don't load are shown as well, with the reason.
   * </pre>
   */
  public interface AsyncService {

    /**
     * <pre>
     * Lists the executors, in the order of their names. Errors: INVALID_PAGE_TOKEN.
     * </pre>
     */
    default void listExecutors(dev.wharfinger.v1.ListExecutorsRequest request,
        io.grpc.stub.StreamObserver<dev.wharfinger.v1.ListExecutorsResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getListExecutorsMethod(), responseObserver);
    }

    /**
     * <pre>
     * Returns one executor. Errors: UNKNOWN_EXECUTOR, INVALID_NAME.
     * </pre>
     */
    default void getExecutor(dev.wharfinger.v1.GetExecutorRequest request,
        io.grpc.stub.StreamObserver<dev.wharfinger.v1.Executor> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getGetExecutorMethod(), responseObserver);
    }

    /**
     * <pre>
     * Lists the scripts, in the order of their names, broken ones too. Errors: INVALID_PAGE_TOKEN.
     * </pre>
     */
    default void listScripts(dev.wharfinger.v1.ListScriptsRequest request,
        io.grpc.stub.StreamObserver<dev.wharfinger.v1.ListScriptsResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getListScriptsMethod(), responseObserver);
    }

    /**
     * <pre>
     * Returns one script with its schemas. Errors: UNKNOWN_SCRIPT, INVALID_NAME.
     * </pre>
     */
    default void getScript(dev.wharfinger.v1.GetScriptRequest request,
        io.grpc.stub.StreamObserver<dev.wharfinger.v1.Script> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getGetScriptMethod(), responseObserver);
    }

    /**
     * <pre>
     * Attaches a worker, which runs attempts for as long as the stream lasts. The first message is a hello; a worker whose
     * stream broke connects again, says what it holds, and goes on with it. Errors: PERMISSION_DENIED for a credential that
     * is no worker's or a connection that others could read, INVALID_ARGUMENT (a worker_id that another process has,
     * too), EXECUTOR_UNAVAILABLE where no executor takes workers, NOT_SUPPORTED for another version of the protocol.
     * </pre>
     */
    default io.grpc.stub.StreamObserver<dev.wharfinger.v1.WorkRequest> work(
        io.grpc.stub.StreamObserver<dev.wharfinger.v1.WorkResponse> responseObserver) {
      return io.grpc.stub.ServerCalls.asyncUnimplementedStreamingCall(getWorkMethod(), responseObserver);
    }
  }

  /**
   * Base class for the server implementation of the service ExecutorService.
   * <pre>
   * Shows the executors and scripts that are installed. Plug-ins that don't load are shown as well, with the reason.
   * </pre>
   */
  public static abstract class ExecutorServiceImplBase
      implements io.grpc.BindableService, AsyncService {

    @java.lang.Override public final io.grpc.ServerServiceDefinition bindService() {
      return ExecutorServiceGrpc.bindService(this);
    }
  }

  /**
   * A stub to allow clients to do asynchronous rpc calls to service ExecutorService.
   * <pre>
   * Shows the executors and scripts that are installed. Plug-ins that don't load are shown as well, with the reason.
   * </pre>
   */
  public static final class ExecutorServiceStub
      extends io.grpc.stub.AbstractAsyncStub<ExecutorServiceStub> {
    private ExecutorServiceStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected ExecutorServiceStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new ExecutorServiceStub(channel, callOptions);
    }

    /**
     * <pre>
     * Lists the executors, in the order of their names. Errors: INVALID_PAGE_TOKEN.
     * </pre>
     */
    public void listExecutors(dev.wharfinger.v1.ListExecutorsRequest request,
        io.grpc.stub.StreamObserver<dev.wharfinger.v1.ListExecutorsResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getListExecutorsMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Returns one executor. Errors: UNKNOWN_EXECUTOR, INVALID_NAME.
     * </pre>
     */
    public void getExecutor(dev.wharfinger.v1.GetExecutorRequest request,
        io.grpc.stub.StreamObserver<dev.wharfinger.v1.Executor> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getGetExecutorMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Lists the scripts, in the order of their names, broken ones too. Errors: INVALID_PAGE_TOKEN.
     * </pre>
     */
    public void listScripts(dev.wharfinger.v1.ListScriptsRequest request,
        io.grpc.stub.StreamObserver<dev.wharfinger.v1.ListScriptsResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getListScriptsMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Returns one script with its schemas. Errors: UNKNOWN_SCRIPT, INVALID_NAME.
     * </pre>
     */
    public void getScript(dev.wharfinger.v1.GetScriptRequest request,
        io.grpc.stub.StreamObserver<dev.wharfinger.v1.Script> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getGetScriptMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Attaches a worker, which runs attempts for as long as the stream lasts. The first message is a hello; a worker whose
     * stream broke connects again, says what it holds, and goes on with it. Errors: PERMISSION_DENIED for a credential that
     * is no worker's or a connection that others could read, INVALID_ARGUMENT (a worker_id that another process has,
     * too), EXECUTOR_UNAVAILABLE where no executor takes workers, NOT_SUPPORTED for another version of the protocol.
     * </pre>
     */
    public io.grpc.stub.StreamObserver<dev.wharfinger.v1.WorkRequest> work(
        io.grpc.stub.StreamObserver<dev.wharfinger.v1.WorkResponse> responseObserver) {
      return io.grpc.stub.ClientCalls.asyncBidiStreamingCall(
          getChannel().newCall(getWorkMethod(), getCallOptions()), responseObserver);
    }
  }

  /**
   * A stub to allow clients to do synchronous rpc calls to service ExecutorService.
   * <pre>
   * Shows the executors and scripts that are installed. Plug-ins that don't load are shown as well, with the reason.
   * </pre>
   */
  public static final class ExecutorServiceBlockingV2Stub
      extends io.grpc.stub.AbstractBlockingStub<ExecutorServiceBlockingV2Stub> {
    private ExecutorServiceBlockingV2Stub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected ExecutorServiceBlockingV2Stub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new ExecutorServiceBlockingV2Stub(channel, callOptions);
    }

    /**
     * <pre>
     * Lists the executors, in the order of their names. Errors: INVALID_PAGE_TOKEN.
     * </pre>
     */
    public dev.wharfinger.v1.ListExecutorsResponse listExecutors(dev.wharfinger.v1.ListExecutorsRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getListExecutorsMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Returns one executor. Errors: UNKNOWN_EXECUTOR, INVALID_NAME.
     * </pre>
     */
    public dev.wharfinger.v1.Executor getExecutor(dev.wharfinger.v1.GetExecutorRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getGetExecutorMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Lists the scripts, in the order of their names, broken ones too. Errors: INVALID_PAGE_TOKEN.
     * </pre>
     */
    public dev.wharfinger.v1.ListScriptsResponse listScripts(dev.wharfinger.v1.ListScriptsRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getListScriptsMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Returns one script with its schemas. Errors: UNKNOWN_SCRIPT, INVALID_NAME.
     * </pre>
     */
    public dev.wharfinger.v1.Script getScript(dev.wharfinger.v1.GetScriptRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getGetScriptMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Attaches a worker, which runs attempts for as long as the stream lasts. The first message is a hello; a worker whose
     * stream broke connects again, says what it holds, and goes on with it. Errors: PERMISSION_DENIED for a credential that
     * is no worker's or a connection that others could read, INVALID_ARGUMENT (a worker_id that another process has,
     * too), EXECUTOR_UNAVAILABLE where no executor takes workers, NOT_SUPPORTED for another version of the protocol.
     * </pre>
     */
    @io.grpc.ExperimentalApi("https://github.com/grpc/grpc-java/issues/10918")
    public io.grpc.stub.BlockingClientCall<dev.wharfinger.v1.WorkRequest, dev.wharfinger.v1.WorkResponse>
        work() {
      return io.grpc.stub.ClientCalls.blockingBidiStreamingCall(
          getChannel(), getWorkMethod(), getCallOptions());
    }
  }

  /**
   * A stub to allow clients to do limited synchronous rpc calls to service ExecutorService.
   * <pre>
   * Shows the executors and scripts that are installed. Plug-ins that don't load are shown as well, with the reason.
   * </pre>
   */
  public static final class ExecutorServiceBlockingStub
      extends io.grpc.stub.AbstractBlockingStub<ExecutorServiceBlockingStub> {
    private ExecutorServiceBlockingStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected ExecutorServiceBlockingStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new ExecutorServiceBlockingStub(channel, callOptions);
    }

    /**
     * <pre>
     * Lists the executors, in the order of their names. Errors: INVALID_PAGE_TOKEN.
     * </pre>
     */
    public dev.wharfinger.v1.ListExecutorsResponse listExecutors(dev.wharfinger.v1.ListExecutorsRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getListExecutorsMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Returns one executor. Errors: UNKNOWN_EXECUTOR, INVALID_NAME.
     * </pre>
     */
    public dev.wharfinger.v1.Executor getExecutor(dev.wharfinger.v1.GetExecutorRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getGetExecutorMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Lists the scripts, in the order of their names, broken ones too. Errors: INVALID_PAGE_TOKEN.
     * </pre>
     */
    public dev.wharfinger.v1.ListScriptsResponse listScripts(dev.wharfinger.v1.ListScriptsRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getListScriptsMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Returns one script with its schemas. Errors: UNKNOWN_SCRIPT, INVALID_NAME.
     * </pre>
     */
    public dev.wharfinger.v1.Script getScript(dev.wharfinger.v1.GetScriptRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getGetScriptMethod(), getCallOptions(), request);
    }
  }

  /**
   * A stub to allow clients to do ListenableFuture-style rpc calls to service ExecutorService.
   * <pre>
   * Shows the executors and scripts that are installed. Plug-ins that don't load are shown as well, with the reason.
   * </pre>
   */
  public static final class ExecutorServiceFutureStub
      extends io.grpc.stub.AbstractFutureStub<ExecutorServiceFutureStub> {
    private ExecutorServiceFutureStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected ExecutorServiceFutureStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new ExecutorServiceFutureStub(channel, callOptions);
    }

    /**
     * <pre>
     * Lists the executors, in the order of their names. Errors: INVALID_PAGE_TOKEN.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.wharfinger.v1.ListExecutorsResponse> listExecutors(
        dev.wharfinger.v1.ListExecutorsRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getListExecutorsMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Returns one executor. Errors: UNKNOWN_EXECUTOR, INVALID_NAME.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.wharfinger.v1.Executor> getExecutor(
        dev.wharfinger.v1.GetExecutorRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getGetExecutorMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Lists the scripts, in the order of their names, broken ones too. Errors: INVALID_PAGE_TOKEN.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.wharfinger.v1.ListScriptsResponse> listScripts(
        dev.wharfinger.v1.ListScriptsRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getListScriptsMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Returns one script with its schemas. Errors: UNKNOWN_SCRIPT, INVALID_NAME.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.wharfinger.v1.Script> getScript(
        dev.wharfinger.v1.GetScriptRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getGetScriptMethod(), getCallOptions()), request);
    }
  }

  private static final int METHODID_LIST_EXECUTORS = 0;
  private static final int METHODID_GET_EXECUTOR = 1;
  private static final int METHODID_LIST_SCRIPTS = 2;
  private static final int METHODID_GET_SCRIPT = 3;
  private static final int METHODID_WORK = 4;

  private static final class MethodHandlers<Req, Resp> implements
      io.grpc.stub.ServerCalls.UnaryMethod<Req, Resp>,
      io.grpc.stub.ServerCalls.ServerStreamingMethod<Req, Resp>,
      io.grpc.stub.ServerCalls.ClientStreamingMethod<Req, Resp>,
      io.grpc.stub.ServerCalls.BidiStreamingMethod<Req, Resp> {
    private final AsyncService serviceImpl;
    private final int methodId;

    MethodHandlers(AsyncService serviceImpl, int methodId) {
      this.serviceImpl = serviceImpl;
      this.methodId = methodId;
    }

    @java.lang.Override
    @java.lang.SuppressWarnings("unchecked")
    public void invoke(Req request, io.grpc.stub.StreamObserver<Resp> responseObserver) {
      switch (methodId) {
        case METHODID_LIST_EXECUTORS:
          serviceImpl.listExecutors((dev.wharfinger.v1.ListExecutorsRequest) request,
              (io.grpc.stub.StreamObserver<dev.wharfinger.v1.ListExecutorsResponse>) responseObserver);
          break;
        case METHODID_GET_EXECUTOR:
          serviceImpl.getExecutor((dev.wharfinger.v1.GetExecutorRequest) request,
              (io.grpc.stub.StreamObserver<dev.wharfinger.v1.Executor>) responseObserver);
          break;
        case METHODID_LIST_SCRIPTS:
          serviceImpl.listScripts((dev.wharfinger.v1.ListScriptsRequest) request,
              (io.grpc.stub.StreamObserver<dev.wharfinger.v1.ListScriptsResponse>) responseObserver);
          break;
        case METHODID_GET_SCRIPT:
          serviceImpl.getScript((dev.wharfinger.v1.GetScriptRequest) request,
              (io.grpc.stub.StreamObserver<dev.wharfinger.v1.Script>) responseObserver);
          break;
        default:
          throw new AssertionError();
      }
    }

    @java.lang.Override
    @java.lang.SuppressWarnings("unchecked")
    public io.grpc.stub.StreamObserver<Req> invoke(
        io.grpc.stub.StreamObserver<Resp> responseObserver) {
      switch (methodId) {
        case METHODID_WORK:
          return (io.grpc.stub.StreamObserver<Req>) serviceImpl.work(
              (io.grpc.stub.StreamObserver<dev.wharfinger.v1.WorkResponse>) responseObserver);
        default:
          throw new AssertionError();
      }
    }
  }

  public static final io.grpc.ServerServiceDefinition bindService(AsyncService service) {
    return io.grpc.ServerServiceDefinition.builder(getServiceDescriptor())
        .addMethod(
          getListExecutorsMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.wharfinger.v1.ListExecutorsRequest,
              dev.wharfinger.v1.ListExecutorsResponse>(
                service, METHODID_LIST_EXECUTORS)))
        .addMethod(
          getGetExecutorMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.wharfinger.v1.GetExecutorRequest,
              dev.wharfinger.v1.Executor>(
                service, METHODID_GET_EXECUTOR)))
        .addMethod(
          getListScriptsMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.wharfinger.v1.ListScriptsRequest,
              dev.wharfinger.v1.ListScriptsResponse>(
                service, METHODID_LIST_SCRIPTS)))
        .addMethod(
          getGetScriptMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.wharfinger.v1.GetScriptRequest,
              dev.wharfinger.v1.Script>(
                service, METHODID_GET_SCRIPT)))
        .addMethod(
          getWorkMethod(),
          io.grpc.stub.ServerCalls.asyncBidiStreamingCall(
            new MethodHandlers<
              dev.wharfinger.v1.WorkRequest,
              dev.wharfinger.v1.WorkResponse>(
                service, METHODID_WORK)))
        .build();
  }

  private static abstract class ExecutorServiceBaseDescriptorSupplier
      implements io.grpc.protobuf.ProtoFileDescriptorSupplier, io.grpc.protobuf.ProtoServiceDescriptorSupplier {
    ExecutorServiceBaseDescriptorSupplier() {}

    @java.lang.Override
    public com.google.protobuf.Descriptors.FileDescriptor getFileDescriptor() {
      return dev.wharfinger.v1.ExecutorServiceProto.getDescriptor();
    }

    @java.lang.Override
    public com.google.protobuf.Descriptors.ServiceDescriptor getServiceDescriptor() {
      return getFileDescriptor().findServiceByName("ExecutorService");
    }
  }

  private static final class ExecutorServiceFileDescriptorSupplier
      extends ExecutorServiceBaseDescriptorSupplier {
    ExecutorServiceFileDescriptorSupplier() {}
  }

  private static final class ExecutorServiceMethodDescriptorSupplier
      extends ExecutorServiceBaseDescriptorSupplier
      implements io.grpc.protobuf.ProtoMethodDescriptorSupplier {
    private final java.lang.String methodName;

    ExecutorServiceMethodDescriptorSupplier(java.lang.String methodName) {
      this.methodName = methodName;
    }

    @java.lang.Override
    public com.google.protobuf.Descriptors.MethodDescriptor getMethodDescriptor() {
      return getServiceDescriptor().findMethodByName(methodName);
    }
  }

  private static volatile io.grpc.ServiceDescriptor serviceDescriptor;

  public static io.grpc.ServiceDescriptor getServiceDescriptor() {
    io.grpc.ServiceDescriptor result = serviceDescriptor;
    if (result == null) {
      synchronized (ExecutorServiceGrpc.class) {
        result = serviceDescriptor;
        if (result == null) {
          serviceDescriptor = result = io.grpc.ServiceDescriptor.newBuilder(SERVICE_NAME)
              .setSchemaDescriptor(new ExecutorServiceFileDescriptorSupplier())
              .addMethod(getListExecutorsMethod())
              .addMethod(getGetExecutorMethod())
              .addMethod(getListScriptsMethod())
              .addMethod(getGetScriptMethod())
              .addMethod(getWorkMethod())
              .build();
        }
      }
    }
    return result;
  }
}
