package dev.wharfinger.client;

import dev.wharfinger.v1.CreateScheduleRequest;
import dev.wharfinger.v1.DeleteScheduleRequest;
import dev.wharfinger.v1.GetScheduleRequest;
import dev.wharfinger.v1.PauseScheduleRequest;
import dev.wharfinger.v1.ResumeScheduleRequest;
import dev.wharfinger.v1.RunScheduleRequest;
import dev.wharfinger.v1.Schedule;
import dev.wharfinger.v1.ScheduleServiceGrpc;
import java.util.UUID;
import java.util.stream.Stream;

/**
 * Tasks that are asked for at times, in one client's project. Names are full ones, or plain ids. Experimental: it may change in
 * any release.
 */
public final class Schedules {
  private final WharfingerClient client;
  private final String parent;

  Schedules(WharfingerClient client, String parent) {
    this.client = client;
    this.parent = parent;
  }

  /**
   * Creates a schedule. When this returns it is durable and will fire.
   *
   * @param id the last part of its name
   * @param schedule what each firing asks for, and when
   * @return the schedule
   * @throws RefusedException the server will not have it, such as a line of cron that never fires
   * @throws UnreachableException no answer; it may have been created
   */
  public Schedule create(String id, Schedule schedule) {
    CreateScheduleRequest request =
        CreateScheduleRequest.newBuilder()
            .setParent(parent)
            .setScheduleId(id)
            .setSchedule(schedule)
            .setRequestId(UUID.randomUUID().toString())
            .build();
    return client.connection().call(ScheduleServiceGrpc.getCreateScheduleMethod(), request);
  }

  /**
   * One schedule.
   *
   * @param name which
   * @return the schedule
   * @throws RefusedException SCHEDULE_NOT_FOUND
   */
  public Schedule get(String name) {
    GetScheduleRequest request = GetScheduleRequest.newBuilder().setName(full(name)).build();
    return client.connection().call(ScheduleServiceGrpc.getGetScheduleMethod(), request);
  }

  /**
   * The project's schedules, in the order of their names.
   *
   * @return read page by page
   */
  public Stream<Schedule> list() {
    return Pages.schedules(client.connection(), parent);
  }

  /**
   * Lets a schedule fire no more until it is resumed; its tasks go on.
   *
   * @param name which
   * @return the schedule
   */
  public Schedule pause(String name) {
    PauseScheduleRequest request = PauseScheduleRequest.newBuilder().setName(full(name)).build();
    return client.connection().call(ScheduleServiceGrpc.getPauseScheduleMethod(), request);
  }

  /**
   * Lets a paused schedule fire again, from its next instant on.
   *
   * @param name which
   * @return the schedule
   */
  public Schedule resume(String name) {
    ResumeScheduleRequest request = ResumeScheduleRequest.newBuilder().setName(full(name)).build();
    return client.connection().call(ScheduleServiceGrpc.getResumeScheduleMethod(), request);
  }

  /**
   * Asks for a schedule's task now; its instants stay as they are.
   *
   * @param name which
   * @return the task
   */
  public TaskHandle run(String name) {
    RunScheduleRequest request =
        RunScheduleRequest.newBuilder().setName(full(name)).setRequestId(UUID.randomUUID().toString()).build();
    return new TaskHandle(client, client.connection().call(ScheduleServiceGrpc.getRunScheduleMethod(), request));
  }

  /**
   * Deletes a schedule; its tasks stay.
   *
   * @param name which
   */
  public void delete(String name) {
    DeleteScheduleRequest request = DeleteScheduleRequest.newBuilder().setName(full(name)).build();
    client.connection().call(ScheduleServiceGrpc.getDeleteScheduleMethod(), request);
  }

  private String full(String name) {
    return name.contains("/") ? name : parent + "/schedules/" + name;
  }
}
