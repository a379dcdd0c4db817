package dev.wharfinger.v1;

import static io.grpc.MethodDescriptor.generateFullMethodName;

/**
 * <pre>
 * Creates, shows, pauses and deletes schedules. Experimental: it may change in any release.
 * </pre>
 */
@io.grpc.stub.annotations.GrpcGenerated
public final class ScheduleServiceGrpc {

  private ScheduleServiceGrpc() {}

  public static final java.lang.String SERVICE_NAME = "wharfinger.v1.ScheduleService";

  // Static method descriptors that strictly reflect the proto.
  private static volatile io.grpc.MethodDescriptor<dev.wharfinger.v1.CreateScheduleRequest,
      dev.wharfinger.v1.Schedule> getCreateScheduleMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "CreateSchedule",
      requestType = dev.wharfinger.v1.CreateScheduleRequest.class,
      responseType = dev.wharfinger.v1.Schedule.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.wharfinger.v1.CreateScheduleRequest,
      dev.wharfinger.v1.Schedule> getCreateScheduleMethod() {
    io.grpc.MethodDescriptor<dev.wharfinger.v1.CreateScheduleRequest, dev.wharfinger.v1.Schedule> getCreateScheduleMethod;
    if ((getCreateScheduleMethod = ScheduleServiceGrpc.getCreateScheduleMethod) == null) {
      synchronized (ScheduleServiceGrpc.class) {
        if ((getCreateScheduleMethod = ScheduleServiceGrpc.getCreateScheduleMethod) == null) {
          ScheduleServiceGrpc.getCreateScheduleMethod = getCreateScheduleMethod =
              io.grpc.MethodDescriptor.<dev.wharfinger.v1.CreateScheduleRequest, dev.wharfinger.v1.Schedule>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "CreateSchedule"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.wharfinger.v1.CreateScheduleRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.wharfinger.v1.Schedule.getDefaultInstance()))
              .setSchemaDescriptor(new ScheduleServiceMethodDescriptorSupplier("CreateSchedule"))
              .build();
        }
      }
    }
    return getCreateScheduleMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.wharfinger.v1.GetScheduleRequest,
      dev.wharfinger.v1.Schedule> getGetScheduleMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "GetSchedule",
      requestType = dev.wharfinger.v1.GetScheduleRequest.class,
      responseType = dev.wharfinger.v1.Schedule.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.wharfinger.v1.GetScheduleRequest,
      dev.wharfinger.v1.Schedule> getGetScheduleMethod() {
    io.grpc.MethodDescriptor<dev.wharfinger.v1.GetScheduleRequest, dev.wharfinger.v1.Schedule> getGetScheduleMethod;
    if ((getGetScheduleMethod = ScheduleServiceGrpc.getGetScheduleMethod) == null) {
      synchronized (ScheduleServiceGrpc.class) {
        if ((getGetScheduleMethod = ScheduleServiceGrpc.getGetScheduleMethod) == null) {
          ScheduleServiceGrpc.getGetScheduleMethod = getGetScheduleMethod =
              io.grpc.MethodDescriptor.<dev.wharfinger.v1.GetScheduleRequest, dev.wharfinger.v1.Schedule>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "GetSchedule"))
              .setSafe(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.wharfinger.v1.GetScheduleRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.wharfinger.v1.Schedule.getDefaultInstance()))
              .setSchemaDescriptor(new ScheduleServiceMethodDescriptorSupplier("GetSchedule"))
              .build();
        }
      }
    }
    return getGetScheduleMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.wharfinger.v1.ListSchedulesRequest,
      dev.wharfinger.v1.ListSchedulesResponse> getListSchedulesMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "ListSchedules",
      requestType = dev.wharfinger.v1.ListSchedulesRequest.class,
      responseType = dev.wharfinger.v1.ListSchedulesResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.wharfinger.v1.ListSchedulesRequest,
      dev.wharfinger.v1.ListSchedulesResponse> getListSchedulesMethod() {
    io.grpc.MethodDescriptor<dev.wharfinger.v1.ListSchedulesRequest, dev.wharfinger.v1.ListSchedulesResponse> getListSchedulesMethod;
    if ((getListSchedulesMethod = ScheduleServiceGrpc.getListSchedulesMethod) == null) {
      synchronized (ScheduleServiceGrpc.class) {
        if ((getListSchedulesMethod = ScheduleServiceGrpc.getListSchedulesMethod) == null) {
          ScheduleServiceGrpc.getListSchedulesMethod = getListSchedulesMethod =
              io.grpc.MethodDescriptor.<dev.wharfinger.v1.ListSchedulesRequest, dev.wharfinger.v1.ListSchedulesResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "ListSchedules"))
              .setSafe(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.wharfinger.v1.ListSchedulesRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.wharfinger.v1.ListSchedulesResponse.getDefaultInstance()))
              .setSchemaDescriptor(new ScheduleServiceMethodDescriptorSupplier("ListSchedules"))
              .build();
        }
      }
    }
    return getListSchedulesMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.wharfinger.v1.PauseScheduleRequest,
      dev.wharfinger.v1.Schedule> getPauseScheduleMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "PauseSchedule",
      requestType = dev.wharfinger.v1.PauseScheduleRequest.class,
      responseType = dev.wharfinger.v1.Schedule.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.wharfinger.v1.PauseScheduleRequest,
      dev.wharfinger.v1.Schedule> getPauseScheduleMethod() {
    io.grpc.MethodDescriptor<dev.wharfinger.v1.PauseScheduleRequest, dev.wharfinger.v1.Schedule> getPauseScheduleMethod;
    if ((getPauseScheduleMethod = ScheduleServiceGrpc.getPauseScheduleMethod) == null) {
      synchronized (ScheduleServiceGrpc.class) {
        if ((getPauseScheduleMethod = ScheduleServiceGrpc.getPauseScheduleMethod) == null) {
          ScheduleServiceGrpc.getPauseScheduleMethod = getPauseScheduleMethod =
              io.grpc.MethodDescriptor.<dev.wharfinger.v1.PauseScheduleRequest, dev.wharfinger.v1.Schedule>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "PauseSchedule"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.wharfinger.v1.PauseScheduleRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.wharfinger.v1.Schedule.getDefaultInstance()))
              .setSchemaDescriptor(new ScheduleServiceMethodDescriptorSupplier("PauseSchedule"))
              .build();
        }
      }
    }
    return getPauseScheduleMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.wharfinger.v1.ResumeScheduleRequest,
      dev.wharfinger.v1.Schedule> getResumeScheduleMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "ResumeSchedule",
      requestType = dev.wharfinger.v1.ResumeScheduleRequest.class,
      responseType = dev.wharfinger.v1.Schedule.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.wharfinger.v1.ResumeScheduleRequest,
      dev.wharfinger.v1.Schedule> getResumeScheduleMethod() {
    io.grpc.MethodDescriptor<dev.wharfinger.v1.ResumeScheduleRequest, dev.wharfinger.v1.Schedule> getResumeScheduleMethod;
    if ((getResumeScheduleMethod = ScheduleServiceGrpc.getResumeScheduleMethod) == null) {
      synchronized (ScheduleServiceGrpc.class) {
        if ((getResumeScheduleMethod = ScheduleServiceGrpc.getResumeScheduleMethod) == null) {
          ScheduleServiceGrpc.getResumeScheduleMethod = getResumeScheduleMethod =
              io.grpc.MethodDescriptor.<dev.wharfinger.v1.ResumeScheduleRequest, dev.wharfinger.v1.Schedule>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "ResumeSchedule"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.wharfinger.v1.ResumeScheduleRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.wharfinger.v1.Schedule.getDefaultInstance()))
              .setSchemaDescriptor(new ScheduleServiceMethodDescriptorSupplier("ResumeSchedule"))
              .build();
        }
      }
    }
    return getResumeScheduleMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.wharfinger.v1.RunScheduleRequest,
      dev.wharfinger.v1.Task> getRunScheduleMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "RunSchedule",
      requestType = dev.wharfinger.v1.RunScheduleRequest.class,
      responseType = dev.wharfinger.v1.Task.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.wharfinger.v1.RunScheduleRequest,
      dev.wharfinger.v1.Task> getRunScheduleMethod() {
    io.grpc.MethodDescriptor<dev.wharfinger.v1.RunScheduleRequest, dev.wharfinger.v1.Task> getRunScheduleMethod;
    if ((getRunScheduleMethod = ScheduleServiceGrpc.getRunScheduleMethod) == null) {
      synchronized (ScheduleServiceGrpc.class) {
        if ((getRunScheduleMethod = ScheduleServiceGrpc.getRunScheduleMethod) == null) {
          ScheduleServiceGrpc.getRunScheduleMethod = getRunScheduleMethod =
              io.grpc.MethodDescriptor.<dev.wharfinger.v1.RunScheduleRequest, dev.wharfinger.v1.Task>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "RunSchedule"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.wharfinger.v1.RunScheduleRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.wharfinger.v1.Task.getDefaultInstance()))
              .setSchemaDescriptor(new ScheduleServiceMethodDescriptorSupplier("RunSchedule"))
              .build();
        }
      }
    }
    return getRunScheduleMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.wharfinger.v1.DeleteScheduleRequest,
      com.google.protobuf.Empty> getDeleteScheduleMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "DeleteSchedule",
      requestType = dev.wharfinger.v1.DeleteScheduleRequest.class,
      responseType = com.google.protobuf.Empty.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.wharfinger.v1.DeleteScheduleRequest,
      com.google.protobuf.Empty> getDeleteScheduleMethod() {
    io.grpc.MethodDescriptor<dev.wharfinger.v1.DeleteScheduleRequest, com.google.protobuf.Empty> getDeleteScheduleMethod;
    if ((getDeleteScheduleMethod = ScheduleServiceGrpc.getDeleteScheduleMethod) == null) {
      synchronized (ScheduleServiceGrpc.class) {
        if ((getDeleteScheduleMethod = ScheduleServiceGrpc.getDeleteScheduleMethod) == null) {
          ScheduleServiceGrpc.getDeleteScheduleMethod = getDeleteScheduleMethod =
              io.grpc.MethodDescriptor.<dev.wharfinger.v1.DeleteScheduleRequest, com.google.protobuf.Empty>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "DeleteSchedule"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.wharfinger.v1.DeleteScheduleRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  com.google.protobuf.Empty.getDefaultInstance()))
              .setSchemaDescriptor(new ScheduleServiceMethodDescriptorSupplier("DeleteSchedule"))
              .build();
        }
      }
    }
    return getDeleteScheduleMethod;
  }

  /**
   * Creates a new async stub that supports all call types for the service
   */
  public static ScheduleServiceStub newStub(io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<ScheduleServiceStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<ScheduleServiceStub>() {
        @java.lang.Override
        public ScheduleServiceStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new ScheduleServiceStub(channel, callOptions);
        }
      };
    return ScheduleServiceStub.newStub(factory, channel);
  }

  /**
   * Creates a new blocking-style stub that supports all types of calls on the service
   */
  public static ScheduleServiceBlockingV2Stub newBlockingV2Stub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<ScheduleServiceBlockingV2Stub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<ScheduleServiceBlockingV2Stub>() {
        @java.lang.Override
        public ScheduleServiceBlockingV2Stub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new ScheduleServiceBlockingV2Stub(channel, callOptions);
        }
      };
    return ScheduleServiceBlockingV2Stub.newStub(factory, channel);
  }

  /**
   * Creates a new blocking-style stub that supports unary and streaming output calls on the service
   */
  public static ScheduleServiceBlockingStub newBlockingStub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<ScheduleServiceBlockingStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<ScheduleServiceBlockingStub>() {
        @java.lang.Override
        public ScheduleServiceBlockingStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new ScheduleServiceBlockingStub(channel, callOptions);
        }
      };
    return ScheduleServiceBlockingStub.newStub(factory, channel);
  }

  /**
   * Creates a new ListenableFuture-style stub that supports unary calls on the service
   */
  public static ScheduleServiceFutureStub newFutureStub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<ScheduleServiceFutureStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<ScheduleServiceFutureStub>() {
        @java.lang.Override
        public ScheduleServiceFutureStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new ScheduleServiceFutureStub(channel, callOptions);
        }
      };
    return ScheduleServiceFutureStub.newStub(factory, channel);
  }

  /**
   * <pre>
   * Creates, shows, pauses and deletes schedules. Experimental: it may change in any release.
   * </pre>
   */
  public interface AsyncService {

    /**
     * <pre>
     * Creates a schedule; its task is checked as CreateTask checks one. With a request_id, asking again returns the same
     * schedule. Errors: SCHEDULE_EXISTS, REQUEST_ID_REUSED, INVALID_ARGUMENT, MISSING_FIELD, INVALID_NAME, NOT_SUPPORTED for
     * sealed params, and what CreateTask answers about a task.
     * </pre>
     */
    default void createSchedule(dev.wharfinger.v1.CreateScheduleRequest request,
        io.grpc.stub.StreamObserver<dev.wharfinger.v1.Schedule> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getCreateScheduleMethod(), responseObserver);
    }

    /**
     * <pre>
     * Returns a schedule. Errors: SCHEDULE_NOT_FOUND, INVALID_NAME.
     * </pre>
     */
    default void getSchedule(dev.wharfinger.v1.GetScheduleRequest request,
        io.grpc.stub.StreamObserver<dev.wharfinger.v1.Schedule> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getGetScheduleMethod(), responseObserver);
    }

    /**
     * <pre>
     * Lists the schedules of a project, in the order of their names. Errors: INVALID_PAGE_TOKEN, INVALID_NAME.
     * </pre>
     */
    default void listSchedules(dev.wharfinger.v1.ListSchedulesRequest request,
        io.grpc.stub.StreamObserver<dev.wharfinger.v1.ListSchedulesResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getListSchedulesMethod(), responseObserver);
    }

    /**
     * <pre>
     * Lets a schedule fire no more until it is resumed; its tasks go on. Asking again is no error. Errors:
     * SCHEDULE_NOT_FOUND, INVALID_NAME.
     * </pre>
     */
    default void pauseSchedule(dev.wharfinger.v1.PauseScheduleRequest request,
        io.grpc.stub.StreamObserver<dev.wharfinger.v1.Schedule> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getPauseScheduleMethod(), responseObserver);
    }

    /**
     * <pre>
     * Lets a paused schedule fire again, from its next instant on. Asking again is no error. Errors: SCHEDULE_NOT_FOUND,
     * INVALID_NAME.
     * </pre>
     */
    default void resumeSchedule(dev.wharfinger.v1.ResumeScheduleRequest request,
        io.grpc.stub.StreamObserver<dev.wharfinger.v1.Schedule> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getResumeScheduleMethod(), responseObserver);
    }

    /**
     * <pre>
     * Creates the schedule's task now, also while it is paused and whatever its overlap policy is; its instants stay as
     * they are. With a request_id, asking again returns the same task. Errors: SCHEDULE_NOT_FOUND, INVALID_NAME, and what
     * CreateTask answers about a task.
     * </pre>
     */
    default void runSchedule(dev.wharfinger.v1.RunScheduleRequest request,
        io.grpc.stub.StreamObserver<dev.wharfinger.v1.Task> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getRunScheduleMethod(), responseObserver);
    }

    /**
     * <pre>
     * Deletes a schedule; its tasks stay. Errors: SCHEDULE_NOT_FOUND, INVALID_NAME.
     * </pre>
     */
    default void deleteSchedule(dev.wharfinger.v1.DeleteScheduleRequest request,
        io.grpc.stub.StreamObserver<com.google.protobuf.Empty> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getDeleteScheduleMethod(), responseObserver);
    }
  }

  /**
   * Base class for the server implementation of the service ScheduleService.
   * <pre>
   * Creates, shows, pauses and deletes schedules. Experimental: it may change in any release.
   * </pre>
   */
  public static abstract class ScheduleServiceImplBase
      implements io.grpc.BindableService, AsyncService {

    @java.lang.Override public final io.grpc.ServerServiceDefinition bindService() {
      return ScheduleServiceGrpc.bindService(this);
    }
  }

  /**
   * A stub to allow clients to do asynchronous rpc calls to service ScheduleService.
   * <pre>
   * Creates, shows, pauses and deletes schedules. Experimental: it may change in any release.
   * </pre>
   */
  public static final class ScheduleServiceStub
      extends io.grpc.stub.AbstractAsyncStub<ScheduleServiceStub> {
    private ScheduleServiceStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected ScheduleServiceStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new ScheduleServiceStub(channel, callOptions);
    }

    /**
     * <pre>
     * Creates a schedule; its task is checked as CreateTask checks one. With a request_id, asking again returns the same
     * schedule. Errors: SCHEDULE_EXISTS, REQUEST_ID_REUSED, INVALID_ARGUMENT, MISSING_FIELD, INVALID_NAME, NOT_SUPPORTED for
     * sealed params, and what CreateTask answers about a task.
     * </pre>
     */
    public void createSchedule(dev.wharfinger.v1.CreateScheduleRequest request,
        io.grpc.stub.StreamObserver<dev.wharfinger.v1.Schedule> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getCreateScheduleMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Returns a schedule. Errors: SCHEDULE_NOT_FOUND, INVALID_NAME.
     * </pre>
     */
    public void getSchedule(dev.wharfinger.v1.GetScheduleRequest request,
        io.grpc.stub.StreamObserver<dev.wharfinger.v1.Schedule> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getGetScheduleMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Lists the schedules of a project, in the order of their names. Errors: INVALID_PAGE_TOKEN, INVALID_NAME.
     * </pre>
     */
    public void listSchedules(dev.wharfinger.v1.ListSchedulesRequest request,
        io.grpc.stub.StreamObserver<dev.wharfinger.v1.ListSchedulesResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getListSchedulesMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Lets a schedule fire no more until it is resumed; its tasks go on. Asking again is no error. Errors:
     * SCHEDULE_NOT_FOUND, INVALID_NAME.
     * </pre>
     */
    public void pauseSchedule(dev.wharfinger.v1.PauseScheduleRequest request,
        io.grpc.stub.StreamObserver<dev.wharfinger.v1.Schedule> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getPauseScheduleMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Lets a paused schedule fire again, from its next instant on. Asking again is no error. Errors: SCHEDULE_NOT_FOUND,
     * INVALID_NAME.
     * </pre>
     */
    public void resumeSchedule(dev.wharfinger.v1.ResumeScheduleRequest request,
        io.grpc.stub.StreamObserver<dev.wharfinger.v1.Schedule> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getResumeScheduleMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Creates the schedule's task now, also while it is paused and whatever its overlap policy is; its instants stay as
     * they are. With a request_id, asking again returns the same task. Errors: SCHEDULE_NOT_FOUND, INVALID_NAME, and what
     * CreateTask answers about a task.
     * </pre>
     */
    public void runSchedule(dev.wharfinger.v1.RunScheduleRequest request,
        io.grpc.stub.StreamObserver<dev.wharfinger.v1.Task> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getRunScheduleMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Deletes a schedule; its tasks stay. Errors: SCHEDULE_NOT_FOUND, INVALID_NAME.
     * </pre>
     */
    public void deleteSchedule(dev.wharfinger.v1.DeleteScheduleRequest request,
        io.grpc.stub.StreamObserver<com.google.protobuf.Empty> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getDeleteScheduleMethod(), getCallOptions()), request, responseObserver);
    }
  }

  /**
   * A stub to allow clients to do synchronous rpc calls to service ScheduleService.
   * <pre>
   * Creates, shows, pauses and deletes schedules. Experimental: it may change in any release.
   * </pre>
   */
  public static final class ScheduleServiceBlockingV2Stub
      extends io.grpc.stub.AbstractBlockingStub<ScheduleServiceBlockingV2Stub> {
    private ScheduleServiceBlockingV2Stub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected ScheduleServiceBlockingV2Stub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new ScheduleServiceBlockingV2Stub(channel, callOptions);
    }

    /**
     * <pre>
     * Creates a schedule; its task is checked as CreateTask checks one. With a request_id, asking again returns the same
     * schedule. Errors: SCHEDULE_EXISTS, REQUEST_ID_REUSED, INVALID_ARGUMENT, MISSING_FIELD, INVALID_NAME, NOT_SUPPORTED for
     * sealed params, and what CreateTask answers about a task.
     * </pre>
     */
    public dev.wharfinger.v1.Schedule createSchedule(dev.wharfinger.v1.CreateScheduleRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getCreateScheduleMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Returns a schedule. Errors: SCHEDULE_NOT_FOUND, INVALID_NAME.
     * </pre>
     */
    public dev.wharfinger.v1.Schedule getSchedule(dev.wharfinger.v1.GetScheduleRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getGetScheduleMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Lists the schedules of a project, in the order of their names. Errors: INVALID_PAGE_TOKEN, INVALID_NAME.
     * </pre>
     */
    public dev.wharfinger.v1.ListSchedulesResponse listSchedules(dev.wharfinger.v1.ListSchedulesRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getListSchedulesMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Lets a schedule fire no more until it is resumed; its tasks go on. Asking again is no error. Errors:
     * SCHEDULE_NOT_FOUND, INVALID_NAME.
     * </pre>
     */
    public dev.wharfinger.v1.Schedule pauseSchedule(dev.wharfinger.v1.PauseScheduleRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getPauseScheduleMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Lets a paused schedule fire again, from its next instant on. Asking again is no error. Errors: SCHEDULE_NOT_FOUND,
     * INVALID_NAME.
     * </pre>
     */
    public dev.wharfinger.v1.Schedule resumeSchedule(dev.wharfinger.v1.ResumeScheduleRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getResumeScheduleMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Creates the schedule's task now, also while it is paused and whatever its overlap policy is; its instants stay as
     * they are. With a request_id, asking again returns the same task. Errors: SCHEDULE_NOT_FOUND, INVALID_NAME, and what
     * CreateTask answers about a task.
     * </pre>
     */
    public dev.wharfinger.v1.Task runSchedule(dev.wharfinger.v1.RunScheduleRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getRunScheduleMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Deletes a schedule; its tasks stay. Errors: SCHEDULE_NOT_FOUND, INVALID_NAME.
     * </pre>
     */
    public com.google.protobuf.Empty deleteSchedule(dev.wharfinger.v1.DeleteScheduleRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getDeleteScheduleMethod(), getCallOptions(), request);
    }
  }

  /**
   * A stub to allow clients to do limited synchronous rpc calls to service ScheduleService.
   * <pre>
   * Creates, shows, pauses and deletes schedules. Experimental: it may change in any release.
   * </pre>
   */
  public static final class ScheduleServiceBlockingStub
      extends io.grpc.stub.AbstractBlockingStub<ScheduleServiceBlockingStub> {
    private ScheduleServiceBlockingStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected ScheduleServiceBlockingStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new ScheduleServiceBlockingStub(channel, callOptions);
    }

    /**
     * <pre>
     * Creates a schedule; its task is checked as CreateTask checks one. With a request_id, asking again returns the same
     * schedule. Errors: SCHEDULE_EXISTS, REQUEST_ID_REUSED, INVALID_ARGUMENT, MISSING_FIELD, INVALID_NAME, NOT_SUPPORTED for
     * sealed params, and what CreateTask answers about a task.
     * </pre>
     */
    public dev.wharfinger.v1.Schedule createSchedule(dev.wharfinger.v1.CreateScheduleRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getCreateScheduleMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Returns a schedule. Errors: SCHEDULE_NOT_FOUND, INVALID_NAME.
     * </pre>
     */
    public dev.wharfinger.v1.Schedule getSchedule(dev.wharfinger.v1.GetScheduleRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getGetScheduleMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Lists the schedules of a project, in the order of their names. Errors: INVALID_PAGE_TOKEN, INVALID_NAME.
     * </pre>
     */
    public dev.wharfinger.v1.ListSchedulesResponse listSchedules(dev.wharfinger.v1.ListSchedulesRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getListSchedulesMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Lets a schedule fire no more until it is resumed; its tasks go on. Asking again is no error. Errors:
     * SCHEDULE_NOT_FOUND, INVALID_NAME.
     * </pre>
     */
    public dev.wharfinger.v1.Schedule pauseSchedule(dev.wharfinger.v1.PauseScheduleRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getPauseScheduleMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Lets a paused schedule fire again, from its next instant on. Asking again is no error. Errors: SCHEDULE_NOT_FOUND,
     * INVALID_NAME.
     * </pre>
     */
    public dev.wharfinger.v1.Schedule resumeSchedule(dev.wharfinger.v1.ResumeScheduleRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getResumeScheduleMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Creates the schedule's task now, also while it is paused and whatever its overlap policy is; its instants stay as
     * they are. With a request_id, asking again returns the same task. Errors: SCHEDULE_NOT_FOUND, INVALID_NAME, and what
     * CreateTask answers about a task.
     * </pre>
     */
    public dev.wharfinger.v1.Task runSchedule(dev.wharfinger.v1.RunScheduleRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getRunScheduleMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Deletes a schedule; its tasks stay. Errors: SCHEDULE_NOT_FOUND, INVALID_NAME.
     * </pre>
     */
    public com.google.protobuf.Empty deleteSchedule(dev.wharfinger.v1.DeleteScheduleRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getDeleteScheduleMethod(), getCallOptions(), request);
    }
  }

  /**
   * A stub to allow clients to do ListenableFuture-style rpc calls to service ScheduleService.
   * <pre>
   * Creates, shows, pauses and deletes schedules. Experimental: it may change in any release.
   * </pre>
   */
  public static final class ScheduleServiceFutureStub
      extends io.grpc.stub.AbstractFutureStub<ScheduleServiceFutureStub> {
    private ScheduleServiceFutureStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected ScheduleServiceFutureStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new ScheduleServiceFutureStub(channel, callOptions);
    }

    /**
     * <pre>
     * Creates a schedule; its task is checked as CreateTask checks one. With a request_id, asking again returns the same
     * schedule. Errors: SCHEDULE_EXISTS, REQUEST_ID_REUSED, INVALID_ARGUMENT, MISSING_FIELD, INVALID_NAME, NOT_SUPPORTED for
     * sealed params, and what CreateTask answers about a task.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.wharfinger.v1.Schedule> createSchedule(
        dev.wharfinger.v1.CreateScheduleRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getCreateScheduleMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Returns a schedule. Errors: SCHEDULE_NOT_FOUND, INVALID_NAME.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.wharfinger.v1.Schedule> getSchedule(
        dev.wharfinger.v1.GetScheduleRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getGetScheduleMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Lists the schedules of a project, in the order of their names. Errors: INVALID_PAGE_TOKEN, INVALID_NAME.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.wharfinger.v1.ListSchedulesResponse> listSchedules(
        dev.wharfinger.v1.ListSchedulesRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getListSchedulesMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Lets a schedule fire no more until it is resumed; its tasks go on. Asking again is no error. Errors:
     * SCHEDULE_NOT_FOUND, INVALID_NAME.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.wharfinger.v1.Schedule> pauseSchedule(
        dev.wharfinger.v1.PauseScheduleRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getPauseScheduleMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Lets a paused schedule fire again, from its next instant on. Asking again is no error. Errors: SCHEDULE_NOT_FOUND,
     * INVALID_NAME.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.wharfinger.v1.Schedule> resumeSchedule(
        dev.wharfinger.v1.ResumeScheduleRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getResumeScheduleMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Creates the schedule's task now, also while it is paused and whatever its overlap policy is; its instants stay as
     * they are. With a request_id, asking again returns the same task. Errors: SCHEDULE_NOT_FOUND, INVALID_NAME, and what
     * CreateTask answers about a task.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.wharfinger.v1.Task> runSchedule(
        dev.wharfinger.v1.RunScheduleRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getRunScheduleMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Deletes a schedule; its tasks stay. Errors: SCHEDULE_NOT_FOUND, INVALID_NAME.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<com.google.protobuf.Empty> deleteSchedule(
        dev.wharfinger.v1.DeleteScheduleRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getDeleteScheduleMethod(), getCallOptions()), request);
    }
  }

  private static final int METHODID_CREATE_SCHEDULE = 0;
  private static final int METHODID_GET_SCHEDULE = 1;
  private static final int METHODID_LIST_SCHEDULES = 2;
  private static final int METHODID_PAUSE_SCHEDULE = 3;
  private static final int METHODID_RESUME_SCHEDULE = 4;
  private static final int METHODID_RUN_SCHEDULE = 5;
  private static final int METHODID_DELETE_SCHEDULE = 6;

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
        case METHODID_CREATE_SCHEDULE:
          serviceImpl.createSchedule((dev.wharfinger.v1.CreateScheduleRequest) request,
              (io.grpc.stub.StreamObserver<dev.wharfinger.v1.Schedule>) responseObserver);
          break;
        case METHODID_GET_SCHEDULE:
          serviceImpl.getSchedule((dev.wharfinger.v1.GetScheduleRequest) request,
              (io.grpc.stub.StreamObserver<dev.wharfinger.v1.Schedule>) responseObserver);
          break;
        case METHODID_LIST_SCHEDULES:
          serviceImpl.listSchedules((dev.wharfinger.v1.ListSchedulesRequest) request,
              (io.grpc.stub.StreamObserver<dev.wharfinger.v1.ListSchedulesResponse>) responseObserver);
          break;
        case METHODID_PAUSE_SCHEDULE:
          serviceImpl.pauseSchedule((dev.wharfinger.v1.PauseScheduleRequest) request,
              (io.grpc.stub.StreamObserver<dev.wharfinger.v1.Schedule>) responseObserver);
          break;
        case METHODID_RESUME_SCHEDULE:
          serviceImpl.resumeSchedule((dev.wharfinger.v1.ResumeScheduleRequest) request,
              (io.grpc.stub.StreamObserver<dev.wharfinger.v1.Schedule>) responseObserver);
          break;
        case METHODID_RUN_SCHEDULE:
          serviceImpl.runSchedule((dev.wharfinger.v1.RunScheduleRequest) request,
              (io.grpc.stub.StreamObserver<dev.wharfinger.v1.Task>) responseObserver);
          break;
        case METHODID_DELETE_SCHEDULE:
          serviceImpl.deleteSchedule((dev.wharfinger.v1.DeleteScheduleRequest) request,
              (io.grpc.stub.StreamObserver<com.google.protobuf.Empty>) responseObserver);
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
        default:
          throw new AssertionError();
      }
    }
  }

  public static final io.grpc.ServerServiceDefinition bindService(AsyncService service) {
    return io.grpc.ServerServiceDefinition.builder(getServiceDescriptor())
        .addMethod(
          getCreateScheduleMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.wharfinger.v1.CreateScheduleRequest,
              dev.wharfinger.v1.Schedule>(
                service, METHODID_CREATE_SCHEDULE)))
        .addMethod(
          getGetScheduleMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.wharfinger.v1.GetScheduleRequest,
              dev.wharfinger.v1.Schedule>(
                service, METHODID_GET_SCHEDULE)))
        .addMethod(
          getListSchedulesMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.wharfinger.v1.ListSchedulesRequest,
              dev.wharfinger.v1.ListSchedulesResponse>(
                service, METHODID_LIST_SCHEDULES)))
        .addMethod(
          getPauseScheduleMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.wharfinger.v1.PauseScheduleRequest,
              dev.wharfinger.v1.Schedule>(
                service, METHODID_PAUSE_SCHEDULE)))
        .addMethod(
          getResumeScheduleMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.wharfinger.v1.ResumeScheduleRequest,
              dev.wharfinger.v1.Schedule>(
                service, METHODID_RESUME_SCHEDULE)))
        .addMethod(
          getRunScheduleMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.wharfinger.v1.RunScheduleRequest,
              dev.wharfinger.v1.Task>(
                service, METHODID_RUN_SCHEDULE)))
        .addMethod(
          getDeleteScheduleMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.wharfinger.v1.DeleteScheduleRequest,
              com.google.protobuf.Empty>(
                service, METHODID_DELETE_SCHEDULE)))
        .build();
  }

  private static abstract class ScheduleServiceBaseDescriptorSupplier
      implements io.grpc.protobuf.ProtoFileDescriptorSupplier, io.grpc.protobuf.ProtoServiceDescriptorSupplier {
    ScheduleServiceBaseDescriptorSupplier() {}

    @java.lang.Override
    public com.google.protobuf.Descriptors.FileDescriptor getFileDescriptor() {
      return dev.wharfinger.v1.ScheduleServiceProto.getDescriptor();
    }

    @java.lang.Override
    public com.google.protobuf.Descriptors.ServiceDescriptor getServiceDescriptor() {
      return getFileDescriptor().findServiceByName("ScheduleService");
    }
  }

  private static final class ScheduleServiceFileDescriptorSupplier
      extends ScheduleServiceBaseDescriptorSupplier {
    ScheduleServiceFileDescriptorSupplier() {}
  }

  private static final class ScheduleServiceMethodDescriptorSupplier
      extends ScheduleServiceBaseDescriptorSupplier
      implements io.grpc.protobuf.ProtoMethodDescriptorSupplier {
    private final java.lang.String methodName;

    ScheduleServiceMethodDescriptorSupplier(java.lang.String methodName) {
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
      synchronized (ScheduleServiceGrpc.class) {
        result = serviceDescriptor;
        if (result == null) {
          serviceDescriptor = result = io.grpc.ServiceDescriptor.newBuilder(SERVICE_NAME)
              .setSchemaDescriptor(new ScheduleServiceFileDescriptorSupplier())
              .addMethod(getCreateScheduleMethod())
              .addMethod(getGetScheduleMethod())
              .addMethod(getListSchedulesMethod())
              .addMethod(getPauseScheduleMethod())
              .addMethod(getResumeScheduleMethod())
              .addMethod(getRunScheduleMethod())
              .addMethod(getDeleteScheduleMethod())
              .build();
        }
      }
    }
    return result;
  }
}
