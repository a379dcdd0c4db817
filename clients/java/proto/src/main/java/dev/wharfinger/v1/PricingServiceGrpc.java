package dev.wharfinger.v1;

import static io.grpc.MethodDescriptor.generateFullMethodName;

/**
 * <pre>
 * Prices come in immutable catalogues that are checked before they are used. An unknown price is NOT_FOUND, never zero.
 * </pre>
 */
@io.grpc.stub.annotations.GrpcGenerated
public final class PricingServiceGrpc {

  private PricingServiceGrpc() {}

  public static final java.lang.String SERVICE_NAME = "wharfinger.v1.PricingService";

  // Static method descriptors that strictly reflect the proto.
  private static volatile io.grpc.MethodDescriptor<dev.wharfinger.v1.EstimateCostRequest,
      dev.wharfinger.v1.CostEstimate> getEstimateCostMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "EstimateCost",
      requestType = dev.wharfinger.v1.EstimateCostRequest.class,
      responseType = dev.wharfinger.v1.CostEstimate.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.wharfinger.v1.EstimateCostRequest,
      dev.wharfinger.v1.CostEstimate> getEstimateCostMethod() {
    io.grpc.MethodDescriptor<dev.wharfinger.v1.EstimateCostRequest, dev.wharfinger.v1.CostEstimate> getEstimateCostMethod;
    if ((getEstimateCostMethod = PricingServiceGrpc.getEstimateCostMethod) == null) {
      synchronized (PricingServiceGrpc.class) {
        if ((getEstimateCostMethod = PricingServiceGrpc.getEstimateCostMethod) == null) {
          PricingServiceGrpc.getEstimateCostMethod = getEstimateCostMethod =
              io.grpc.MethodDescriptor.<dev.wharfinger.v1.EstimateCostRequest, dev.wharfinger.v1.CostEstimate>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "EstimateCost"))
              .setSafe(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.wharfinger.v1.EstimateCostRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.wharfinger.v1.CostEstimate.getDefaultInstance()))
              .setSchemaDescriptor(new PricingServiceMethodDescriptorSupplier("EstimateCost"))
              .build();
        }
      }
    }
    return getEstimateCostMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.wharfinger.v1.GetPriceRequest,
      dev.wharfinger.v1.Price> getGetPriceMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "GetPrice",
      requestType = dev.wharfinger.v1.GetPriceRequest.class,
      responseType = dev.wharfinger.v1.Price.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.wharfinger.v1.GetPriceRequest,
      dev.wharfinger.v1.Price> getGetPriceMethod() {
    io.grpc.MethodDescriptor<dev.wharfinger.v1.GetPriceRequest, dev.wharfinger.v1.Price> getGetPriceMethod;
    if ((getGetPriceMethod = PricingServiceGrpc.getGetPriceMethod) == null) {
      synchronized (PricingServiceGrpc.class) {
        if ((getGetPriceMethod = PricingServiceGrpc.getGetPriceMethod) == null) {
          PricingServiceGrpc.getGetPriceMethod = getGetPriceMethod =
              io.grpc.MethodDescriptor.<dev.wharfinger.v1.GetPriceRequest, dev.wharfinger.v1.Price>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "GetPrice"))
              .setSafe(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.wharfinger.v1.GetPriceRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.wharfinger.v1.Price.getDefaultInstance()))
              .setSchemaDescriptor(new PricingServiceMethodDescriptorSupplier("GetPrice"))
              .build();
        }
      }
    }
    return getGetPriceMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.wharfinger.v1.ListPricesRequest,
      dev.wharfinger.v1.ListPricesResponse> getListPricesMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "ListPrices",
      requestType = dev.wharfinger.v1.ListPricesRequest.class,
      responseType = dev.wharfinger.v1.ListPricesResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.wharfinger.v1.ListPricesRequest,
      dev.wharfinger.v1.ListPricesResponse> getListPricesMethod() {
    io.grpc.MethodDescriptor<dev.wharfinger.v1.ListPricesRequest, dev.wharfinger.v1.ListPricesResponse> getListPricesMethod;
    if ((getListPricesMethod = PricingServiceGrpc.getListPricesMethod) == null) {
      synchronized (PricingServiceGrpc.class) {
        if ((getListPricesMethod = PricingServiceGrpc.getListPricesMethod) == null) {
          PricingServiceGrpc.getListPricesMethod = getListPricesMethod =
              io.grpc.MethodDescriptor.<dev.wharfinger.v1.ListPricesRequest, dev.wharfinger.v1.ListPricesResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "ListPrices"))
              .setSafe(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.wharfinger.v1.ListPricesRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.wharfinger.v1.ListPricesResponse.getDefaultInstance()))
              .setSchemaDescriptor(new PricingServiceMethodDescriptorSupplier("ListPrices"))
              .build();
        }
      }
    }
    return getListPricesMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.wharfinger.v1.GetCatalogRequest,
      dev.wharfinger.v1.Catalog> getGetCatalogMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "GetCatalog",
      requestType = dev.wharfinger.v1.GetCatalogRequest.class,
      responseType = dev.wharfinger.v1.Catalog.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.wharfinger.v1.GetCatalogRequest,
      dev.wharfinger.v1.Catalog> getGetCatalogMethod() {
    io.grpc.MethodDescriptor<dev.wharfinger.v1.GetCatalogRequest, dev.wharfinger.v1.Catalog> getGetCatalogMethod;
    if ((getGetCatalogMethod = PricingServiceGrpc.getGetCatalogMethod) == null) {
      synchronized (PricingServiceGrpc.class) {
        if ((getGetCatalogMethod = PricingServiceGrpc.getGetCatalogMethod) == null) {
          PricingServiceGrpc.getGetCatalogMethod = getGetCatalogMethod =
              io.grpc.MethodDescriptor.<dev.wharfinger.v1.GetCatalogRequest, dev.wharfinger.v1.Catalog>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "GetCatalog"))
              .setSafe(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.wharfinger.v1.GetCatalogRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.wharfinger.v1.Catalog.getDefaultInstance()))
              .setSchemaDescriptor(new PricingServiceMethodDescriptorSupplier("GetCatalog"))
              .build();
        }
      }
    }
    return getGetCatalogMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.wharfinger.v1.ListCatalogsRequest,
      dev.wharfinger.v1.ListCatalogsResponse> getListCatalogsMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "ListCatalogs",
      requestType = dev.wharfinger.v1.ListCatalogsRequest.class,
      responseType = dev.wharfinger.v1.ListCatalogsResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.wharfinger.v1.ListCatalogsRequest,
      dev.wharfinger.v1.ListCatalogsResponse> getListCatalogsMethod() {
    io.grpc.MethodDescriptor<dev.wharfinger.v1.ListCatalogsRequest, dev.wharfinger.v1.ListCatalogsResponse> getListCatalogsMethod;
    if ((getListCatalogsMethod = PricingServiceGrpc.getListCatalogsMethod) == null) {
      synchronized (PricingServiceGrpc.class) {
        if ((getListCatalogsMethod = PricingServiceGrpc.getListCatalogsMethod) == null) {
          PricingServiceGrpc.getListCatalogsMethod = getListCatalogsMethod =
              io.grpc.MethodDescriptor.<dev.wharfinger.v1.ListCatalogsRequest, dev.wharfinger.v1.ListCatalogsResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "ListCatalogs"))
              .setSafe(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.wharfinger.v1.ListCatalogsRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.wharfinger.v1.ListCatalogsResponse.getDefaultInstance()))
              .setSchemaDescriptor(new PricingServiceMethodDescriptorSupplier("ListCatalogs"))
              .build();
        }
      }
    }
    return getListCatalogsMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.wharfinger.v1.ImportCatalogRequest,
      dev.wharfinger.v1.ImportCatalogResponse> getImportCatalogMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "ImportCatalog",
      requestType = dev.wharfinger.v1.ImportCatalogRequest.class,
      responseType = dev.wharfinger.v1.ImportCatalogResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.BIDI_STREAMING)
  public static io.grpc.MethodDescriptor<dev.wharfinger.v1.ImportCatalogRequest,
      dev.wharfinger.v1.ImportCatalogResponse> getImportCatalogMethod() {
    io.grpc.MethodDescriptor<dev.wharfinger.v1.ImportCatalogRequest, dev.wharfinger.v1.ImportCatalogResponse> getImportCatalogMethod;
    if ((getImportCatalogMethod = PricingServiceGrpc.getImportCatalogMethod) == null) {
      synchronized (PricingServiceGrpc.class) {
        if ((getImportCatalogMethod = PricingServiceGrpc.getImportCatalogMethod) == null) {
          PricingServiceGrpc.getImportCatalogMethod = getImportCatalogMethod =
              io.grpc.MethodDescriptor.<dev.wharfinger.v1.ImportCatalogRequest, dev.wharfinger.v1.ImportCatalogResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.BIDI_STREAMING)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "ImportCatalog"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.wharfinger.v1.ImportCatalogRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.wharfinger.v1.ImportCatalogResponse.getDefaultInstance()))
              .setSchemaDescriptor(new PricingServiceMethodDescriptorSupplier("ImportCatalog"))
              .build();
        }
      }
    }
    return getImportCatalogMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.wharfinger.v1.ActivateCatalogRequest,
      dev.wharfinger.v1.Catalog> getActivateCatalogMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "ActivateCatalog",
      requestType = dev.wharfinger.v1.ActivateCatalogRequest.class,
      responseType = dev.wharfinger.v1.Catalog.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.wharfinger.v1.ActivateCatalogRequest,
      dev.wharfinger.v1.Catalog> getActivateCatalogMethod() {
    io.grpc.MethodDescriptor<dev.wharfinger.v1.ActivateCatalogRequest, dev.wharfinger.v1.Catalog> getActivateCatalogMethod;
    if ((getActivateCatalogMethod = PricingServiceGrpc.getActivateCatalogMethod) == null) {
      synchronized (PricingServiceGrpc.class) {
        if ((getActivateCatalogMethod = PricingServiceGrpc.getActivateCatalogMethod) == null) {
          PricingServiceGrpc.getActivateCatalogMethod = getActivateCatalogMethod =
              io.grpc.MethodDescriptor.<dev.wharfinger.v1.ActivateCatalogRequest, dev.wharfinger.v1.Catalog>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "ActivateCatalog"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.wharfinger.v1.ActivateCatalogRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.wharfinger.v1.Catalog.getDefaultInstance()))
              .setSchemaDescriptor(new PricingServiceMethodDescriptorSupplier("ActivateCatalog"))
              .build();
        }
      }
    }
    return getActivateCatalogMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.wharfinger.v1.ListActivationsRequest,
      dev.wharfinger.v1.ListActivationsResponse> getListActivationsMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "ListActivations",
      requestType = dev.wharfinger.v1.ListActivationsRequest.class,
      responseType = dev.wharfinger.v1.ListActivationsResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.wharfinger.v1.ListActivationsRequest,
      dev.wharfinger.v1.ListActivationsResponse> getListActivationsMethod() {
    io.grpc.MethodDescriptor<dev.wharfinger.v1.ListActivationsRequest, dev.wharfinger.v1.ListActivationsResponse> getListActivationsMethod;
    if ((getListActivationsMethod = PricingServiceGrpc.getListActivationsMethod) == null) {
      synchronized (PricingServiceGrpc.class) {
        if ((getListActivationsMethod = PricingServiceGrpc.getListActivationsMethod) == null) {
          PricingServiceGrpc.getListActivationsMethod = getListActivationsMethod =
              io.grpc.MethodDescriptor.<dev.wharfinger.v1.ListActivationsRequest, dev.wharfinger.v1.ListActivationsResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "ListActivations"))
              .setSafe(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.wharfinger.v1.ListActivationsRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.wharfinger.v1.ListActivationsResponse.getDefaultInstance()))
              .setSchemaDescriptor(new PricingServiceMethodDescriptorSupplier("ListActivations"))
              .build();
        }
      }
    }
    return getListActivationsMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.wharfinger.v1.DiffCatalogsRequest,
      dev.wharfinger.v1.DiffCatalogsResponse> getDiffCatalogsMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "DiffCatalogs",
      requestType = dev.wharfinger.v1.DiffCatalogsRequest.class,
      responseType = dev.wharfinger.v1.DiffCatalogsResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.wharfinger.v1.DiffCatalogsRequest,
      dev.wharfinger.v1.DiffCatalogsResponse> getDiffCatalogsMethod() {
    io.grpc.MethodDescriptor<dev.wharfinger.v1.DiffCatalogsRequest, dev.wharfinger.v1.DiffCatalogsResponse> getDiffCatalogsMethod;
    if ((getDiffCatalogsMethod = PricingServiceGrpc.getDiffCatalogsMethod) == null) {
      synchronized (PricingServiceGrpc.class) {
        if ((getDiffCatalogsMethod = PricingServiceGrpc.getDiffCatalogsMethod) == null) {
          PricingServiceGrpc.getDiffCatalogsMethod = getDiffCatalogsMethod =
              io.grpc.MethodDescriptor.<dev.wharfinger.v1.DiffCatalogsRequest, dev.wharfinger.v1.DiffCatalogsResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "DiffCatalogs"))
              .setSafe(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.wharfinger.v1.DiffCatalogsRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.wharfinger.v1.DiffCatalogsResponse.getDefaultInstance()))
              .setSchemaDescriptor(new PricingServiceMethodDescriptorSupplier("DiffCatalogs"))
              .build();
        }
      }
    }
    return getDiffCatalogsMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.wharfinger.v1.ListPriceHistoryRequest,
      dev.wharfinger.v1.ListPriceHistoryResponse> getListPriceHistoryMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "ListPriceHistory",
      requestType = dev.wharfinger.v1.ListPriceHistoryRequest.class,
      responseType = dev.wharfinger.v1.ListPriceHistoryResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.wharfinger.v1.ListPriceHistoryRequest,
      dev.wharfinger.v1.ListPriceHistoryResponse> getListPriceHistoryMethod() {
    io.grpc.MethodDescriptor<dev.wharfinger.v1.ListPriceHistoryRequest, dev.wharfinger.v1.ListPriceHistoryResponse> getListPriceHistoryMethod;
    if ((getListPriceHistoryMethod = PricingServiceGrpc.getListPriceHistoryMethod) == null) {
      synchronized (PricingServiceGrpc.class) {
        if ((getListPriceHistoryMethod = PricingServiceGrpc.getListPriceHistoryMethod) == null) {
          PricingServiceGrpc.getListPriceHistoryMethod = getListPriceHistoryMethod =
              io.grpc.MethodDescriptor.<dev.wharfinger.v1.ListPriceHistoryRequest, dev.wharfinger.v1.ListPriceHistoryResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "ListPriceHistory"))
              .setSafe(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.wharfinger.v1.ListPriceHistoryRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.wharfinger.v1.ListPriceHistoryResponse.getDefaultInstance()))
              .setSchemaDescriptor(new PricingServiceMethodDescriptorSupplier("ListPriceHistory"))
              .build();
        }
      }
    }
    return getListPriceHistoryMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.wharfinger.v1.ListBudgetsRequest,
      dev.wharfinger.v1.ListBudgetsResponse> getListBudgetsMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "ListBudgets",
      requestType = dev.wharfinger.v1.ListBudgetsRequest.class,
      responseType = dev.wharfinger.v1.ListBudgetsResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.wharfinger.v1.ListBudgetsRequest,
      dev.wharfinger.v1.ListBudgetsResponse> getListBudgetsMethod() {
    io.grpc.MethodDescriptor<dev.wharfinger.v1.ListBudgetsRequest, dev.wharfinger.v1.ListBudgetsResponse> getListBudgetsMethod;
    if ((getListBudgetsMethod = PricingServiceGrpc.getListBudgetsMethod) == null) {
      synchronized (PricingServiceGrpc.class) {
        if ((getListBudgetsMethod = PricingServiceGrpc.getListBudgetsMethod) == null) {
          PricingServiceGrpc.getListBudgetsMethod = getListBudgetsMethod =
              io.grpc.MethodDescriptor.<dev.wharfinger.v1.ListBudgetsRequest, dev.wharfinger.v1.ListBudgetsResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "ListBudgets"))
              .setSafe(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.wharfinger.v1.ListBudgetsRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.wharfinger.v1.ListBudgetsResponse.getDefaultInstance()))
              .setSchemaDescriptor(new PricingServiceMethodDescriptorSupplier("ListBudgets"))
              .build();
        }
      }
    }
    return getListBudgetsMethod;
  }

  /**
   * Creates a new async stub that supports all call types for the service
   */
  public static PricingServiceStub newStub(io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<PricingServiceStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<PricingServiceStub>() {
        @java.lang.Override
        public PricingServiceStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new PricingServiceStub(channel, callOptions);
        }
      };
    return PricingServiceStub.newStub(factory, channel);
  }

  /**
   * Creates a new blocking-style stub that supports all types of calls on the service
   */
  public static PricingServiceBlockingV2Stub newBlockingV2Stub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<PricingServiceBlockingV2Stub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<PricingServiceBlockingV2Stub>() {
        @java.lang.Override
        public PricingServiceBlockingV2Stub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new PricingServiceBlockingV2Stub(channel, callOptions);
        }
      };
    return PricingServiceBlockingV2Stub.newStub(factory, channel);
  }

  /**
   * Creates a new blocking-style stub that supports unary and streaming output calls on the service
   */
  public static PricingServiceBlockingStub newBlockingStub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<PricingServiceBlockingStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<PricingServiceBlockingStub>() {
        @java.lang.Override
        public PricingServiceBlockingStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new PricingServiceBlockingStub(channel, callOptions);
        }
      };
    return PricingServiceBlockingStub.newStub(factory, channel);
  }

  /**
   * Creates a new ListenableFuture-style stub that supports unary calls on the service
   */
  public static PricingServiceFutureStub newFutureStub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<PricingServiceFutureStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<PricingServiceFutureStub>() {
        @java.lang.Override
        public PricingServiceFutureStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new PricingServiceFutureStub(channel, callOptions);
        }
      };
    return PricingServiceFutureStub.newStub(factory, channel);
  }

  /**
   * <pre>
   * Prices come in immutable catalogues that are checked before they are used. An unknown price is NOT_FOUND, never zero.
   * </pre>
   */
  public interface AsyncService {

    /**
     * <pre>
     * Says what a task would cost for an hour, or a list of items; nothing is created. Errors: those of CreateTask for the
     * task's script and params, CANNOT_ESTIMATE, UNKNOWN_CATALOG, INVALID_ARGUMENT.
     * </pre>
     */
    default void estimateCost(dev.wharfinger.v1.EstimateCostRequest request,
        io.grpc.stub.StreamObserver<dev.wharfinger.v1.CostEstimate> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getEstimateCostMethod(), responseObserver);
    }

    /**
     * <pre>
     * Returns one price, from the first layer that has it. Errors: PRICE_UNKNOWN where no layer has a figure,
     * PRICE_AMBIGUOUS with the choices where the question fits several prices, UNKNOWN_CATALOG, INVALID_ARGUMENT.
     * </pre>
     */
    default void getPrice(dev.wharfinger.v1.GetPriceRequest request,
        io.grpc.stub.StreamObserver<dev.wharfinger.v1.Price> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getGetPriceMethod(), responseObserver);
    }

    /**
     * <pre>
     * Lists prices in the order of provider, region and sku, each from the first layer that has it. Errors:
     * INVALID_FILTER, INVALID_PAGE_TOKEN, UNKNOWN_CATALOG.
     * </pre>
     */
    default void listPrices(dev.wharfinger.v1.ListPricesRequest request,
        io.grpc.stub.StreamObserver<dev.wharfinger.v1.ListPricesResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getListPricesMethod(), responseObserver);
    }

    /**
     * <pre>
     * Returns one catalogue. Errors: UNKNOWN_CATALOG, INVALID_NAME.
     * </pre>
     */
    default void getCatalog(dev.wharfinger.v1.GetCatalogRequest request,
        io.grpc.stub.StreamObserver<dev.wharfinger.v1.Catalog> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getGetCatalogMethod(), responseObserver);
    }

    /**
     * <pre>
     * Lists the catalogues, the newest import first, quarantined ones too. Errors: INVALID_PAGE_TOKEN.
     * </pre>
     */
    default void listCatalogs(dev.wharfinger.v1.ListCatalogsRequest request,
        io.grpc.stub.StreamObserver<dev.wharfinger.v1.ListCatalogsResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getListCatalogsMethod(), responseObserver);
    }

    /**
     * <pre>
     * Brings a new catalogue in: the header first, then the file in chunks unless the server is to fetch it. Answers with
     * progress, and last with the catalogue and its differences. A catalogue that the checks object to is kept in
     * quarantine. Errors: PRICES_MALFORMED, PRICES_CHECKSUM, PRICES_SIGNATURE, PRICES_TOO_LARGE, PRICES_UNREACHABLE,
     * PRICES_URL_REFUSED, PRICES_BUSY, PRICES_NOT_KEPT; PRICES_QUARANTINED where it should have become active;
     * PERMISSION_DENIED for callers whose credential does not open all projects.
     * </pre>
     */
    default io.grpc.stub.StreamObserver<dev.wharfinger.v1.ImportCatalogRequest> importCatalog(
        io.grpc.stub.StreamObserver<dev.wharfinger.v1.ImportCatalogResponse> responseObserver) {
      return io.grpc.stub.ServerCalls.asyncUnimplementedStreamingCall(getImportCatalogMethod(), responseObserver);
    }

    /**
     * <pre>
     * Makes a catalogue the active one of its source; also the way back to an earlier one. Errors: UNKNOWN_CATALOG, PRICES_QUARANTINED,
     * PERMISSION_DENIED for callers whose credential does not open all projects.
     * </pre>
     */
    default void activateCatalog(dev.wharfinger.v1.ActivateCatalogRequest request,
        io.grpc.stub.StreamObserver<dev.wharfinger.v1.Catalog> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getActivateCatalogMethod(), responseObserver);
    }

    /**
     * <pre>
     * Lists which catalogues became active, when, by whom and why, the newest first: the first one of a source is of the
     * catalogue that is active for it now. Errors: INVALID_PAGE_TOKEN, PERMISSION_DENIED for callers whose credential does
     * not open all projects.
     * </pre>
     */
    default void listActivations(dev.wharfinger.v1.ListActivationsRequest request,
        io.grpc.stub.StreamObserver<dev.wharfinger.v1.ListActivationsResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getListActivationsMethod(), responseObserver);
    }

    /**
     * <pre>
     * Lists what is not the same in two catalogues, in the order of provider, region and sku, as both are now: what one of
     * them will say from a later moment on is not compared. Errors: UNKNOWN_CATALOG, INVALID_NAME, INVALID_ARGUMENT where
     * `before` is left out and the source had no catalogue before, INVALID_PAGE_TOKEN.
     * </pre>
     */
    default void diffCatalogs(dev.wharfinger.v1.DiffCatalogsRequest request,
        io.grpc.stub.StreamObserver<dev.wharfinger.v1.DiffCatalogsResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getDiffCatalogsMethod(), responseObserver);
    }

    /**
     * <pre>
     * Tells what a thing cost since when, as callers were told: each point is a moment from which on GetPrice answered with
     * another figure, because another catalogue of the source became active or a price came into force. Errors: those of
     * GetPrice, where nothing is known of the thing now.
     * </pre>
     */
    default void listPriceHistory(dev.wharfinger.v1.ListPriceHistoryRequest request,
        io.grpc.stub.StreamObserver<dev.wharfinger.v1.ListPriceHistoryResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getListPriceHistoryMethod(), responseObserver);
    }

    /**
     * <pre>
     * Lists what projects may spend an hour, and what they do, the things that tasks on their way will make included.
     * Projects without a budget are not listed. Errors: INVALID_NAME, PERMISSION_DENIED.
     * </pre>
     */
    default void listBudgets(dev.wharfinger.v1.ListBudgetsRequest request,
        io.grpc.stub.StreamObserver<dev.wharfinger.v1.ListBudgetsResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getListBudgetsMethod(), responseObserver);
    }
  }

  /**
   * Base class for the server implementation of the service PricingService.
   * <pre>
   * Prices come in immutable catalogues that are checked before they are used. An unknown price is NOT_FOUND, never zero.
   * </pre>
   */
  public static abstract class PricingServiceImplBase
      implements io.grpc.BindableService, AsyncService {

    @java.lang.Override public final io.grpc.ServerServiceDefinition bindService() {
      return PricingServiceGrpc.bindService(this);
    }
  }

  /**
   * A stub to allow clients to do asynchronous rpc calls to service PricingService.
   * <pre>
   * Prices come in immutable catalogues that are checked before they are used. An unknown price is NOT_FOUND, never zero.
   * </pre>
   */
  public static final class PricingServiceStub
      extends io.grpc.stub.AbstractAsyncStub<PricingServiceStub> {
    private PricingServiceStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected PricingServiceStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new PricingServiceStub(channel, callOptions);
    }

    /**
     * <pre>
     * Says what a task would cost for an hour, or a list of items; nothing is created. Errors: those of CreateTask for the
     * task's script and params, CANNOT_ESTIMATE, UNKNOWN_CATALOG, INVALID_ARGUMENT.
     * </pre>
     */
    public void estimateCost(dev.wharfinger.v1.EstimateCostRequest request,
        io.grpc.stub.StreamObserver<dev.wharfinger.v1.CostEstimate> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getEstimateCostMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Returns one price, from the first layer that has it. Errors: PRICE_UNKNOWN where no layer has a figure,
     * PRICE_AMBIGUOUS with the choices where the question fits several prices, UNKNOWN_CATALOG, INVALID_ARGUMENT.
     * </pre>
     */
    public void getPrice(dev.wharfinger.v1.GetPriceRequest request,
        io.grpc.stub.StreamObserver<dev.wharfinger.v1.Price> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getGetPriceMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Lists prices in the order of provider, region and sku, each from the first layer that has it. Errors:
     * INVALID_FILTER, INVALID_PAGE_TOKEN, UNKNOWN_CATALOG.
     * </pre>
     */
    public void listPrices(dev.wharfinger.v1.ListPricesRequest request,
        io.grpc.stub.StreamObserver<dev.wharfinger.v1.ListPricesResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getListPricesMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Returns one catalogue. Errors: UNKNOWN_CATALOG, INVALID_NAME.
     * </pre>
     */
    public void getCatalog(dev.wharfinger.v1.GetCatalogRequest request,
        io.grpc.stub.StreamObserver<dev.wharfinger.v1.Catalog> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getGetCatalogMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Lists the catalogues, the newest import first, quarantined ones too. Errors: INVALID_PAGE_TOKEN.
     * </pre>
     */
    public void listCatalogs(dev.wharfinger.v1.ListCatalogsRequest request,
        io.grpc.stub.StreamObserver<dev.wharfinger.v1.ListCatalogsResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getListCatalogsMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Brings a new catalogue in: the header first, then the file in chunks unless the server is to fetch it. Answers with
     * progress, and last with the catalogue and its differences. A catalogue that the checks object to is kept in
     * quarantine. Errors: PRICES_MALFORMED, PRICES_CHECKSUM, PRICES_SIGNATURE, PRICES_TOO_LARGE, PRICES_UNREACHABLE,
     * PRICES_URL_REFUSED, PRICES_BUSY, PRICES_NOT_KEPT; PRICES_QUARANTINED where it should have become active;
     * PERMISSION_DENIED for callers whose credential does not open all projects.
     * </pre>
     */
    public io.grpc.stub.StreamObserver<dev.wharfinger.v1.ImportCatalogRequest> importCatalog(
        io.grpc.stub.StreamObserver<dev.wharfinger.v1.ImportCatalogResponse> responseObserver) {
      return io.grpc.stub.ClientCalls.asyncBidiStreamingCall(
          getChannel().newCall(getImportCatalogMethod(), getCallOptions()), responseObserver);
    }

    /**
     * <pre>
     * Makes a catalogue the active one of its source; also the way back to an earlier one. Errors: UNKNOWN_CATALOG, PRICES_QUARANTINED,
     * PERMISSION_DENIED for callers whose credential does not open all projects.
     * </pre>
     */
    public void activateCatalog(dev.wharfinger.v1.ActivateCatalogRequest request,
        io.grpc.stub.StreamObserver<dev.wharfinger.v1.Catalog> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getActivateCatalogMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Lists which catalogues became active, when, by whom and why, the newest first: the first one of a source is of the
     * catalogue that is active for it now. Errors: INVALID_PAGE_TOKEN, PERMISSION_DENIED for callers whose credential does
     * not open all projects.
     * </pre>
     */
    public void listActivations(dev.wharfinger.v1.ListActivationsRequest request,
        io.grpc.stub.StreamObserver<dev.wharfinger.v1.ListActivationsResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getListActivationsMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Lists what is not the same in two catalogues, in the order of provider, region and sku, as both are now: what one of
     * them will say from a later moment on is not compared. Errors: UNKNOWN_CATALOG, INVALID_NAME, INVALID_ARGUMENT where
     * `before` is left out and the source had no catalogue before, INVALID_PAGE_TOKEN.
     * </pre>
     */
    public void diffCatalogs(dev.wharfinger.v1.DiffCatalogsRequest request,
        io.grpc.stub.StreamObserver<dev.wharfinger.v1.DiffCatalogsResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getDiffCatalogsMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Tells what a thing cost since when, as callers were told: each point is a moment from which on GetPrice answered with
     * another figure, because another catalogue of the source became active or a price came into force. Errors: those of
     * GetPrice, where nothing is known of the thing now.
     * </pre>
     */
    public void listPriceHistory(dev.wharfinger.v1.ListPriceHistoryRequest request,
        io.grpc.stub.StreamObserver<dev.wharfinger.v1.ListPriceHistoryResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getListPriceHistoryMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Lists what projects may spend an hour, and what they do, the things that tasks on their way will make included.
     * Projects without a budget are not listed. Errors: INVALID_NAME, PERMISSION_DENIED.
     * </pre>
     */
    public void listBudgets(dev.wharfinger.v1.ListBudgetsRequest request,
        io.grpc.stub.StreamObserver<dev.wharfinger.v1.ListBudgetsResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getListBudgetsMethod(), getCallOptions()), request, responseObserver);
    }
  }

  /**
   * A stub to allow clients to do synchronous rpc calls to service PricingService.
   * <pre>
   * Prices come in immutable catalogues that are checked before they are used. An unknown price is NOT_FOUND, never zero.
   * </pre>
   */
  public static final class PricingServiceBlockingV2Stub
      extends io.grpc.stub.AbstractBlockingStub<PricingServiceBlockingV2Stub> {
    private PricingServiceBlockingV2Stub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected PricingServiceBlockingV2Stub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new PricingServiceBlockingV2Stub(channel, callOptions);
    }

    /**
     * <pre>
     * Says what a task would cost for an hour, or a list of items; nothing is created. Errors: those of CreateTask for the
     * task's script and params, CANNOT_ESTIMATE, UNKNOWN_CATALOG, INVALID_ARGUMENT.
     * </pre>
     */
    public dev.wharfinger.v1.CostEstimate estimateCost(dev.wharfinger.v1.EstimateCostRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getEstimateCostMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Returns one price, from the first layer that has it. Errors: PRICE_UNKNOWN where no layer has a figure,
     * PRICE_AMBIGUOUS with the choices where the question fits several prices, UNKNOWN_CATALOG, INVALID_ARGUMENT.
     * </pre>
     */
    public dev.wharfinger.v1.Price getPrice(dev.wharfinger.v1.GetPriceRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getGetPriceMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Lists prices in the order of provider, region and sku, each from the first layer that has it. Errors:
     * INVALID_FILTER, INVALID_PAGE_TOKEN, UNKNOWN_CATALOG.
     * </pre>
     */
    public dev.wharfinger.v1.ListPricesResponse listPrices(dev.wharfinger.v1.ListPricesRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getListPricesMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Returns one catalogue. Errors: UNKNOWN_CATALOG, INVALID_NAME.
     * </pre>
     */
    public dev.wharfinger.v1.Catalog getCatalog(dev.wharfinger.v1.GetCatalogRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getGetCatalogMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Lists the catalogues, the newest import first, quarantined ones too. Errors: INVALID_PAGE_TOKEN.
     * </pre>
     */
    public dev.wharfinger.v1.ListCatalogsResponse listCatalogs(dev.wharfinger.v1.ListCatalogsRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getListCatalogsMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Brings a new catalogue in: the header first, then the file in chunks unless the server is to fetch it. Answers with
     * progress, and last with the catalogue and its differences. A catalogue that the checks object to is kept in
     * quarantine. Errors: PRICES_MALFORMED, PRICES_CHECKSUM, PRICES_SIGNATURE, PRICES_TOO_LARGE, PRICES_UNREACHABLE,
     * PRICES_URL_REFUSED, PRICES_BUSY, PRICES_NOT_KEPT; PRICES_QUARANTINED where it should have become active;
     * PERMISSION_DENIED for callers whose credential does not open all projects.
     * </pre>
     */
    @io.grpc.ExperimentalApi("https://github.com/grpc/grpc-java/issues/10918")
    public io.grpc.stub.BlockingClientCall<dev.wharfinger.v1.ImportCatalogRequest, dev.wharfinger.v1.ImportCatalogResponse>
        importCatalog() {
      return io.grpc.stub.ClientCalls.blockingBidiStreamingCall(
          getChannel(), getImportCatalogMethod(), getCallOptions());
    }

    /**
     * <pre>
     * Makes a catalogue the active one of its source; also the way back to an earlier one. Errors: UNKNOWN_CATALOG, PRICES_QUARANTINED,
     * PERMISSION_DENIED for callers whose credential does not open all projects.
     * </pre>
     */
    public dev.wharfinger.v1.Catalog activateCatalog(dev.wharfinger.v1.ActivateCatalogRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getActivateCatalogMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Lists which catalogues became active, when, by whom and why, the newest first: the first one of a source is of the
     * catalogue that is active for it now. Errors: INVALID_PAGE_TOKEN, PERMISSION_DENIED for callers whose credential does
     * not open all projects.
     * </pre>
     */
    public dev.wharfinger.v1.ListActivationsResponse listActivations(dev.wharfinger.v1.ListActivationsRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getListActivationsMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Lists what is not the same in two catalogues, in the order of provider, region and sku, as both are now: what one of
     * them will say from a later moment on is not compared. Errors: UNKNOWN_CATALOG, INVALID_NAME, INVALID_ARGUMENT where
     * `before` is left out and the source had no catalogue before, INVALID_PAGE_TOKEN.
     * </pre>
     */
    public dev.wharfinger.v1.DiffCatalogsResponse diffCatalogs(dev.wharfinger.v1.DiffCatalogsRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getDiffCatalogsMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Tells what a thing cost since when, as callers were told: each point is a moment from which on GetPrice answered with
     * another figure, because another catalogue of the source became active or a price came into force. Errors: those of
     * GetPrice, where nothing is known of the thing now.
     * </pre>
     */
    public dev.wharfinger.v1.ListPriceHistoryResponse listPriceHistory(dev.wharfinger.v1.ListPriceHistoryRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getListPriceHistoryMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Lists what projects may spend an hour, and what they do, the things that tasks on their way will make included.
     * Projects without a budget are not listed. Errors: INVALID_NAME, PERMISSION_DENIED.
     * </pre>
     */
    public dev.wharfinger.v1.ListBudgetsResponse listBudgets(dev.wharfinger.v1.ListBudgetsRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getListBudgetsMethod(), getCallOptions(), request);
    }
  }

  /**
   * A stub to allow clients to do limited synchronous rpc calls to service PricingService.
   * <pre>
   * Prices come in immutable catalogues that are checked before they are used. An unknown price is NOT_FOUND, never zero.
   * </pre>
   */
  public static final class PricingServiceBlockingStub
      extends io.grpc.stub.AbstractBlockingStub<PricingServiceBlockingStub> {
    private PricingServiceBlockingStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected PricingServiceBlockingStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new PricingServiceBlockingStub(channel, callOptions);
    }

    /**
     * <pre>
     * Says what a task would cost for an hour, or a list of items; nothing is created. Errors: those of CreateTask for the
     * task's script and params, CANNOT_ESTIMATE, UNKNOWN_CATALOG, INVALID_ARGUMENT.
     * </pre>
     */
    public dev.wharfinger.v1.CostEstimate estimateCost(dev.wharfinger.v1.EstimateCostRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getEstimateCostMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Returns one price, from the first layer that has it. Errors: PRICE_UNKNOWN where no layer has a figure,
     * PRICE_AMBIGUOUS with the choices where the question fits several prices, UNKNOWN_CATALOG, INVALID_ARGUMENT.
     * </pre>
     */
    public dev.wharfinger.v1.Price getPrice(dev.wharfinger.v1.GetPriceRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getGetPriceMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Lists prices in the order of provider, region and sku, each from the first layer that has it. Errors:
     * INVALID_FILTER, INVALID_PAGE_TOKEN, UNKNOWN_CATALOG.
     * </pre>
     */
    public dev.wharfinger.v1.ListPricesResponse listPrices(dev.wharfinger.v1.ListPricesRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getListPricesMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Returns one catalogue. Errors: UNKNOWN_CATALOG, INVALID_NAME.
     * </pre>
     */
    public dev.wharfinger.v1.Catalog getCatalog(dev.wharfinger.v1.GetCatalogRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getGetCatalogMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Lists the catalogues, the newest import first, quarantined ones too. Errors: INVALID_PAGE_TOKEN.
     * </pre>
     */
    public dev.wharfinger.v1.ListCatalogsResponse listCatalogs(dev.wharfinger.v1.ListCatalogsRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getListCatalogsMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Makes a catalogue the active one of its source; also the way back to an earlier one. Errors: UNKNOWN_CATALOG, PRICES_QUARANTINED,
     * PERMISSION_DENIED for callers whose credential does not open all projects.
     * </pre>
     */
    public dev.wharfinger.v1.Catalog activateCatalog(dev.wharfinger.v1.ActivateCatalogRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getActivateCatalogMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Lists which catalogues became active, when, by whom and why, the newest first: the first one of a source is of the
     * catalogue that is active for it now. Errors: INVALID_PAGE_TOKEN, PERMISSION_DENIED for callers whose credential does
     * not open all projects.
     * </pre>
     */
    public dev.wharfinger.v1.ListActivationsResponse listActivations(dev.wharfinger.v1.ListActivationsRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getListActivationsMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Lists what is not the same in two catalogues, in the order of provider, region and sku, as both are now: what one of
     * them will say from a later moment on is not compared. Errors: UNKNOWN_CATALOG, INVALID_NAME, INVALID_ARGUMENT where
     * `before` is left out and the source had no catalogue before, INVALID_PAGE_TOKEN.
     * </pre>
     */
    public dev.wharfinger.v1.DiffCatalogsResponse diffCatalogs(dev.wharfinger.v1.DiffCatalogsRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getDiffCatalogsMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Tells what a thing cost since when, as callers were told: each point is a moment from which on GetPrice answered with
     * another figure, because another catalogue of the source became active or a price came into force. Errors: those of
     * GetPrice, where nothing is known of the thing now.
     * </pre>
     */
    public dev.wharfinger.v1.ListPriceHistoryResponse listPriceHistory(dev.wharfinger.v1.ListPriceHistoryRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getListPriceHistoryMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Lists what projects may spend an hour, and what they do, the things that tasks on their way will make included.
     * Projects without a budget are not listed. Errors: INVALID_NAME, PERMISSION_DENIED.
     * </pre>
     */
    public dev.wharfinger.v1.ListBudgetsResponse listBudgets(dev.wharfinger.v1.ListBudgetsRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getListBudgetsMethod(), getCallOptions(), request);
    }
  }

  /**
   * A stub to allow clients to do ListenableFuture-style rpc calls to service PricingService.
   * <pre>
   * Prices come in immutable catalogues that are checked before they are used. An unknown price is NOT_FOUND, never zero.
   * </pre>
   */
  public static final class PricingServiceFutureStub
      extends io.grpc.stub.AbstractFutureStub<PricingServiceFutureStub> {
    private PricingServiceFutureStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected PricingServiceFutureStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new PricingServiceFutureStub(channel, callOptions);
    }

    /**
     * <pre>
     * Says what a task would cost for an hour, or a list of items; nothing is created. Errors: those of CreateTask for the
     * task's script and params, CANNOT_ESTIMATE, UNKNOWN_CATALOG, INVALID_ARGUMENT.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.wharfinger.v1.CostEstimate> estimateCost(
        dev.wharfinger.v1.EstimateCostRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getEstimateCostMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Returns one price, from the first layer that has it. Errors: PRICE_UNKNOWN where no layer has a figure,
     * PRICE_AMBIGUOUS with the choices where the question fits several prices, UNKNOWN_CATALOG, INVALID_ARGUMENT.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.wharfinger.v1.Price> getPrice(
        dev.wharfinger.v1.GetPriceRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getGetPriceMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Lists prices in the order of provider, region and sku, each from the first layer that has it. Errors:
     * INVALID_FILTER, INVALID_PAGE_TOKEN, UNKNOWN_CATALOG.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.wharfinger.v1.ListPricesResponse> listPrices(
        dev.wharfinger.v1.ListPricesRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getListPricesMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Returns one catalogue. Errors: UNKNOWN_CATALOG, INVALID_NAME.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.wharfinger.v1.Catalog> getCatalog(
        dev.wharfinger.v1.GetCatalogRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getGetCatalogMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Lists the catalogues, the newest import first, quarantined ones too. Errors: INVALID_PAGE_TOKEN.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.wharfinger.v1.ListCatalogsResponse> listCatalogs(
        dev.wharfinger.v1.ListCatalogsRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getListCatalogsMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Makes a catalogue the active one of its source; also the way back to an earlier one. Errors: UNKNOWN_CATALOG, PRICES_QUARANTINED,
     * PERMISSION_DENIED for callers whose credential does not open all projects.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.wharfinger.v1.Catalog> activateCatalog(
        dev.wharfinger.v1.ActivateCatalogRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getActivateCatalogMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Lists which catalogues became active, when, by whom and why, the newest first: the first one of a source is of the
     * catalogue that is active for it now. Errors: INVALID_PAGE_TOKEN, PERMISSION_DENIED for callers whose credential does
     * not open all projects.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.wharfinger.v1.ListActivationsResponse> listActivations(
        dev.wharfinger.v1.ListActivationsRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getListActivationsMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Lists what is not the same in two catalogues, in the order of provider, region and sku, as both are now: what one of
     * them will say from a later moment on is not compared. Errors: UNKNOWN_CATALOG, INVALID_NAME, INVALID_ARGUMENT where
     * `before` is left out and the source had no catalogue before, INVALID_PAGE_TOKEN.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.wharfinger.v1.DiffCatalogsResponse> diffCatalogs(
        dev.wharfinger.v1.DiffCatalogsRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getDiffCatalogsMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Tells what a thing cost since when, as callers were told: each point is a moment from which on GetPrice answered with
     * another figure, because another catalogue of the source became active or a price came into force. Errors: those of
     * GetPrice, where nothing is known of the thing now.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.wharfinger.v1.ListPriceHistoryResponse> listPriceHistory(
        dev.wharfinger.v1.ListPriceHistoryRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getListPriceHistoryMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Lists what projects may spend an hour, and what they do, the things that tasks on their way will make included.
     * Projects without a budget are not listed. Errors: INVALID_NAME, PERMISSION_DENIED.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.wharfinger.v1.ListBudgetsResponse> listBudgets(
        dev.wharfinger.v1.ListBudgetsRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getListBudgetsMethod(), getCallOptions()), request);
    }
  }

  private static final int METHODID_ESTIMATE_COST = 0;
  private static final int METHODID_GET_PRICE = 1;
  private static final int METHODID_LIST_PRICES = 2;
  private static final int METHODID_GET_CATALOG = 3;
  private static final int METHODID_LIST_CATALOGS = 4;
  private static final int METHODID_ACTIVATE_CATALOG = 5;
  private static final int METHODID_LIST_ACTIVATIONS = 6;
  private static final int METHODID_DIFF_CATALOGS = 7;
  private static final int METHODID_LIST_PRICE_HISTORY = 8;
  private static final int METHODID_LIST_BUDGETS = 9;
  private static final int METHODID_IMPORT_CATALOG = 10;

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
        case METHODID_ESTIMATE_COST:
          serviceImpl.estimateCost((dev.wharfinger.v1.EstimateCostRequest) request,
              (io.grpc.stub.StreamObserver<dev.wharfinger.v1.CostEstimate>) responseObserver);
          break;
        case METHODID_GET_PRICE:
          serviceImpl.getPrice((dev.wharfinger.v1.GetPriceRequest) request,
              (io.grpc.stub.StreamObserver<dev.wharfinger.v1.Price>) responseObserver);
          break;
        case METHODID_LIST_PRICES:
          serviceImpl.listPrices((dev.wharfinger.v1.ListPricesRequest) request,
              (io.grpc.stub.StreamObserver<dev.wharfinger.v1.ListPricesResponse>) responseObserver);
          break;
        case METHODID_GET_CATALOG:
          serviceImpl.getCatalog((dev.wharfinger.v1.GetCatalogRequest) request,
              (io.grpc.stub.StreamObserver<dev.wharfinger.v1.Catalog>) responseObserver);
          break;
        case METHODID_LIST_CATALOGS:
          serviceImpl.listCatalogs((dev.wharfinger.v1.ListCatalogsRequest) request,
              (io.grpc.stub.StreamObserver<dev.wharfinger.v1.ListCatalogsResponse>) responseObserver);
          break;
        case METHODID_ACTIVATE_CATALOG:
          serviceImpl.activateCatalog((dev.wharfinger.v1.ActivateCatalogRequest) request,
              (io.grpc.stub.StreamObserver<dev.wharfinger.v1.Catalog>) responseObserver);
          break;
        case METHODID_LIST_ACTIVATIONS:
          serviceImpl.listActivations((dev.wharfinger.v1.ListActivationsRequest) request,
              (io.grpc.stub.StreamObserver<dev.wharfinger.v1.ListActivationsResponse>) responseObserver);
          break;
        case METHODID_DIFF_CATALOGS:
          serviceImpl.diffCatalogs((dev.wharfinger.v1.DiffCatalogsRequest) request,
              (io.grpc.stub.StreamObserver<dev.wharfinger.v1.DiffCatalogsResponse>) responseObserver);
          break;
        case METHODID_LIST_PRICE_HISTORY:
          serviceImpl.listPriceHistory((dev.wharfinger.v1.ListPriceHistoryRequest) request,
              (io.grpc.stub.StreamObserver<dev.wharfinger.v1.ListPriceHistoryResponse>) responseObserver);
          break;
        case METHODID_LIST_BUDGETS:
          serviceImpl.listBudgets((dev.wharfinger.v1.ListBudgetsRequest) request,
              (io.grpc.stub.StreamObserver<dev.wharfinger.v1.ListBudgetsResponse>) responseObserver);
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
        case METHODID_IMPORT_CATALOG:
          return (io.grpc.stub.StreamObserver<Req>) serviceImpl.importCatalog(
              (io.grpc.stub.StreamObserver<dev.wharfinger.v1.ImportCatalogResponse>) responseObserver);
        default:
          throw new AssertionError();
      }
    }
  }

  public static final io.grpc.ServerServiceDefinition bindService(AsyncService service) {
    return io.grpc.ServerServiceDefinition.builder(getServiceDescriptor())
        .addMethod(
          getEstimateCostMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.wharfinger.v1.EstimateCostRequest,
              dev.wharfinger.v1.CostEstimate>(
                service, METHODID_ESTIMATE_COST)))
        .addMethod(
          getGetPriceMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.wharfinger.v1.GetPriceRequest,
              dev.wharfinger.v1.Price>(
                service, METHODID_GET_PRICE)))
        .addMethod(
          getListPricesMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.wharfinger.v1.ListPricesRequest,
              dev.wharfinger.v1.ListPricesResponse>(
                service, METHODID_LIST_PRICES)))
        .addMethod(
          getGetCatalogMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.wharfinger.v1.GetCatalogRequest,
              dev.wharfinger.v1.Catalog>(
                service, METHODID_GET_CATALOG)))
        .addMethod(
          getListCatalogsMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.wharfinger.v1.ListCatalogsRequest,
              dev.wharfinger.v1.ListCatalogsResponse>(
                service, METHODID_LIST_CATALOGS)))
        .addMethod(
          getImportCatalogMethod(),
          io.grpc.stub.ServerCalls.asyncBidiStreamingCall(
            new MethodHandlers<
              dev.wharfinger.v1.ImportCatalogRequest,
              dev.wharfinger.v1.ImportCatalogResponse>(
                service, METHODID_IMPORT_CATALOG)))
        .addMethod(
          getActivateCatalogMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.wharfinger.v1.ActivateCatalogRequest,
              dev.wharfinger.v1.Catalog>(
                service, METHODID_ACTIVATE_CATALOG)))
        .addMethod(
          getListActivationsMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.wharfinger.v1.ListActivationsRequest,
              dev.wharfinger.v1.ListActivationsResponse>(
                service, METHODID_LIST_ACTIVATIONS)))
        .addMethod(
          getDiffCatalogsMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.wharfinger.v1.DiffCatalogsRequest,
              dev.wharfinger.v1.DiffCatalogsResponse>(
                service, METHODID_DIFF_CATALOGS)))
        .addMethod(
          getListPriceHistoryMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.wharfinger.v1.ListPriceHistoryRequest,
              dev.wharfinger.v1.ListPriceHistoryResponse>(
                service, METHODID_LIST_PRICE_HISTORY)))
        .addMethod(
          getListBudgetsMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.wharfinger.v1.ListBudgetsRequest,
              dev.wharfinger.v1.ListBudgetsResponse>(
                service, METHODID_LIST_BUDGETS)))
        .build();
  }

  private static abstract class PricingServiceBaseDescriptorSupplier
      implements io.grpc.protobuf.ProtoFileDescriptorSupplier, io.grpc.protobuf.ProtoServiceDescriptorSupplier {
    PricingServiceBaseDescriptorSupplier() {}

    @java.lang.Override
    public com.google.protobuf.Descriptors.FileDescriptor getFileDescriptor() {
      return dev.wharfinger.v1.PricingServiceProto.getDescriptor();
    }

    @java.lang.Override
    public com.google.protobuf.Descriptors.ServiceDescriptor getServiceDescriptor() {
      return getFileDescriptor().findServiceByName("PricingService");
    }
  }

  private static final class PricingServiceFileDescriptorSupplier
      extends PricingServiceBaseDescriptorSupplier {
    PricingServiceFileDescriptorSupplier() {}
  }

  private static final class PricingServiceMethodDescriptorSupplier
      extends PricingServiceBaseDescriptorSupplier
      implements io.grpc.protobuf.ProtoMethodDescriptorSupplier {
    private final java.lang.String methodName;

    PricingServiceMethodDescriptorSupplier(java.lang.String methodName) {
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
      synchronized (PricingServiceGrpc.class) {
        result = serviceDescriptor;
        if (result == null) {
          serviceDescriptor = result = io.grpc.ServiceDescriptor.newBuilder(SERVICE_NAME)
              .setSchemaDescriptor(new PricingServiceFileDescriptorSupplier())
              .addMethod(getEstimateCostMethod())
              .addMethod(getGetPriceMethod())
              .addMethod(getListPricesMethod())
              .addMethod(getGetCatalogMethod())
              .addMethod(getListCatalogsMethod())
              .addMethod(getImportCatalogMethod())
              .addMethod(getActivateCatalogMethod())
              .addMethod(getListActivationsMethod())
              .addMethod(getDiffCatalogsMethod())
              .addMethod(getListPriceHistoryMethod())
              .addMethod(getListBudgetsMethod())
              .build();
        }
      }
    }
    return result;
  }
}
