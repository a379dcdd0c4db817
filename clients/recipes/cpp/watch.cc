// Creates a task and prints its events, each once, over connections that it ends itself; of a task that stops half-way it
// prints where that leaves us. To run it: watch HOST:PORT SCRIPT '{"param": "value"}'
#include <chrono>
#include <functional>
#include <iostream>
#include <memory>
#include <random>
#include <string>
#include <thread>

#include <google/protobuf/util/json_util.h>
#include <grpcpp/grpcpp.h>

#include "wharfinger/v1/task_service.grpc.pb.h"

namespace v1 = wharfinger::v1;
using namespace std::chrono_literals;

// A channel of its own each time; it looks for the server again after a second at most.
std::unique_ptr<v1::TaskService::Stub> client(const std::string& address) {
  grpc::ChannelArguments options;
  options.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 1000);
  options.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  return v1::TaskService::NewStub(grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), options));
}

// Whether it is the connection that failed and not what was asked for.
bool lost(const grpc::Status& status) {
  return status.error_code() == grpc::UNAVAILABLE || status.error_code() == grpc::DEADLINE_EXCEEDED ||
         status.error_code() == grpc::UNKNOWN || status.error_code() == grpc::CANCELLED;
}

// Asks again while nobody answers: allowed for what only reads, and for what has a request_id.
void patiently(const std::function<grpc::Status(grpc::ClientContext*)>& call) {
  for (;;) {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + 10s);
    const grpc::Status status = call(&context);
    if (status.ok()) return;
    if (!lost(status)) throw std::runtime_error(status.error_message());
    std::this_thread::sleep_for(200ms);
  }
}

// 128 random bits as a UUID, under which asking again gives the same task.
std::string request_id() {
  static const char* digits = "0123456789abcdef";
  std::random_device chance;
  std::string id = "xxxxxxxx-xxxx-4xxx-8xxx-xxxxxxxxxxxx";
  for (char& digit : id)
    if (digit == 'x') digit = digits[chance() % 16];
  return id;
}

// What the event is about, in a line.
std::string text(const v1::TaskEvent& event) {
  switch (event.detail_case()) {
    case v1::TaskEvent::kStateChange:
      return v1::TaskState_Name(event.state_change().state());
    case v1::TaskEvent::kEntry:
      return v1::LedgerEntryState_Name(event.entry().state()) + " " + event.entry().key();
    case v1::TaskEvent::kLog:
      return event.log().text();
    case v1::TaskEvent::kFailure:
      return event.failure().message();
    default:
      return "something newer than this program";
  }
}

// Prints the events after a number until `left` have come; true when the task is at rest and all was told.
bool watch(const std::string& address, const std::string& name, int64_t* after, int left) {
  grpc::ClientContext context;
  v1::WatchTaskRequest request;
  request.set_name(name);
  request.set_after_sequence(*after);
  const auto stub = client(address);
  const auto stream = stub->WatchTask(&context, request);
  v1::WatchTaskResponse told;
  v1::Task last;
  while (stream->Read(&told)) {
    if (told.has_snapshot()) last = told.snapshot();
    for (const auto& event : told.events().events()) {
      std::cout << "event " << (*after = event.sequence()) << " " << text(event) << "\n";
      if (--left == 0) {
        context.TryCancel();
        std::cout << "hung up after " << *after << "\n";
        return false;
      }
    }
  }
  const grpc::Status status = stream->Finish();
  if (!status.ok() && !lost(status)) throw std::runtime_error(status.error_message());
  return status.ok() && last.has_end_time() && last.last_sequence() == *after;
}

// Prints what is left over. The failure has the first hundred entries; ListLedgerEntries has all.
void tell(const v1::PartialFailure& half) {
  std::cout << "failed step \"" << half.failed_step() << "\", retryable " << (half.retryable() ? "true" : "false")
            << ", left over " << half.total_left_over() << "\n";
  for (const auto& entry : half.left_over())
    std::cout << "left over " << v1::LedgerEntryState_Name(entry.state()) << " " << entry.key() << " " << entry.type() << " "
              << entry.external_id() << " " << entry.failure().message() << "\n";
  const auto list = [](const auto& words, const auto& word) {
    std::string joined;
    for (const auto& one : words) joined += (joined.empty() ? "" : " ") + word(one);
    return "[" + joined + "]";
  };
  const auto& cost = half.cost();
  std::cout << "not attempted " << list(half.not_attempted(), [](const std::string& key) { return key; }) << "\nallowed "
            << list(half.allowed_actions(), [](int action) { return v1::PartialFailureAction_Name(action); }) << "\ncosts "
            << list(cost.known_hourly(), [](const v1::DecimalMoney& money) { return money.amount() + " " + money.currency_code(); })
            << " unpriced " << cost.unpriced() << " uncertain " << cost.uncertain() << "\n";
}

int main(int count, char** words) try {
  if (count != 4) throw std::runtime_error("usage: watch HOST:PORT SCRIPT PARAMS-AS-JSON");
  const std::string address = words[1];
  v1::CreateTaskRequest request;
  request.set_parent("projects/default");
  request.set_request_id(request_id());
  request.mutable_task()->set_script(words[2]);
  const auto parsed = google::protobuf::util::JsonStringToMessage(words[3], request.mutable_task()->mutable_params());
  if (!parsed.ok()) throw std::runtime_error("the params are no JSON: " + parsed.ToString());
  v1::Task task;
  patiently([&](grpc::ClientContext* context) { return client(address)->CreateTask(context, request, &task); });
  int64_t after = 0;
  for (int events = 2; !watch(address, task.name(), &after, events); events *= 2) continue;
  v1::GetTaskRequest get;
  get.set_name(task.name());
  patiently([&](grpc::ClientContext* context) { return client(address)->GetTask(context, get, &task); });
  std::cout << "ended " << task.name() << " " << v1::TaskState_Name(task.state()) << " " << task.failure().message() << "\n";
  if (task.has_partial_failure()) tell(task.partial_failure());
  return 0;
} catch (const std::exception& error) {
  std::cerr << error.what() << "\n";
  return 1;
}
