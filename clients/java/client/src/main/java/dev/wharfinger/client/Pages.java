package dev.wharfinger.client;

import com.google.protobuf.ByteString;
import dev.wharfinger.v1.DiffCatalogsRequest;
import dev.wharfinger.v1.DiffCatalogsResponse;
import dev.wharfinger.v1.LedgerEntry;
import dev.wharfinger.v1.ListLedgerEntriesRequest;
import dev.wharfinger.v1.ListLedgerEntriesResponse;
import dev.wharfinger.v1.ListPricesRequest;
import dev.wharfinger.v1.ListPricesResponse;
import dev.wharfinger.v1.ListSchedulesRequest;
import dev.wharfinger.v1.ListSchedulesResponse;
import dev.wharfinger.v1.ListTaskEventsRequest;
import dev.wharfinger.v1.ListTaskEventsResponse;
import dev.wharfinger.v1.ListTasksRequest;
import dev.wharfinger.v1.ListTasksResponse;
import dev.wharfinger.v1.Price;
import dev.wharfinger.v1.PriceChange;
import dev.wharfinger.v1.PricingServiceGrpc;
import dev.wharfinger.v1.Schedule;
import dev.wharfinger.v1.ScheduleServiceGrpc;
import dev.wharfinger.v1.Task;
import dev.wharfinger.v1.TaskServiceGrpc;
import java.util.List;
import java.util.Objects;
import java.util.function.Function;
import java.util.stream.Stream;

/** Lists as streams that ask for the next page when they come to it. */
final class Pages {
  private static final int SIZE = 1000;

  private Pages() {}

  /** The items of all pages; {@code ask} takes the page's token, and {@code next} tells that of the one after. */
  private static <P, T> Stream<T> all(
      Function<String, P> ask, Function<P, String> next, Function<P, ? extends List<T>> items) {
    return Stream.iterate(
            ask.apply(""),
            Objects::nonNull,
            page -> next.apply(page).isEmpty() ? null : ask.apply(next.apply(page)))
        .flatMap(page -> items.apply(page).stream());
  }

  static Stream<Task> tasks(Connection connection, String parent, String filter) {
    ListTasksRequest.Builder request = ListTasksRequest.newBuilder().setParent(parent).setFilter(filter).setPageSize(SIZE);
    return all(
        token -> connection.call(TaskServiceGrpc.getListTasksMethod(), request.setPageToken(token).build()),
        ListTasksResponse::getNextPageToken,
        ListTasksResponse::getTasksList);
  }

  static Stream<LedgerEntry> ledger(Connection connection, String task) {
    ListLedgerEntriesRequest.Builder request = ListLedgerEntriesRequest.newBuilder().setParent(task).setPageSize(SIZE);
    return all(
        token -> connection.call(TaskServiceGrpc.getListLedgerEntriesMethod(), request.setPageToken(token).build()),
        ListLedgerEntriesResponse::getNextPageToken,
        ListLedgerEntriesResponse::getEntriesList);
  }

  static Stream<TaskEvent> events(Connection connection, String task, long after) {
    ListTaskEventsRequest.Builder request =
        ListTaskEventsRequest.newBuilder().setParent(task).setAfterSequence(after).setPageSize(SIZE);
    return all(
            token -> connection.call(TaskServiceGrpc.getListTaskEventsMethod(), request.setPageToken(token).build()),
            ListTaskEventsResponse::getNextPageToken,
            ListTaskEventsResponse::getEventsList)
        .map(event -> Telling.event(event, ByteString.EMPTY));
  }

  static Stream<Price> prices(Connection connection, String parent, String filter) {
    ListPricesRequest.Builder request =
        ListPricesRequest.newBuilder().setParent(parent).setFilter(filter).setPageSize(SIZE);
    return all(
        token -> connection.call(PricingServiceGrpc.getListPricesMethod(), request.setPageToken(token).build()),
        ListPricesResponse::getNextPageToken,
        ListPricesResponse::getPricesList);
  }

  static Stream<PriceChange> priceChanges(Connection connection, String catalog, String before) {
    DiffCatalogsRequest.Builder request =
        DiffCatalogsRequest.newBuilder().setName(catalog).setBefore(before).setPageSize(SIZE);
    return all(
        token -> connection.call(PricingServiceGrpc.getDiffCatalogsMethod(), request.setPageToken(token).build()),
        DiffCatalogsResponse::getNextPageToken,
        DiffCatalogsResponse::getChangesList);
  }

  static Stream<Schedule> schedules(Connection connection, String parent) {
    ListSchedulesRequest.Builder request = ListSchedulesRequest.newBuilder().setParent(parent).setPageSize(SIZE);
    return all(
        token -> connection.call(ScheduleServiceGrpc.getListSchedulesMethod(), request.setPageToken(token).build()),
        ListSchedulesResponse::getNextPageToken,
        ListSchedulesResponse::getSchedulesList);
  }
}
