# Creates a task and prints its events, each once, over connections that it ends itself; of a task that stops half-way it
# prints where that leaves us. To run it: ruby -I GENERATED watch.rb HOST:PORT SCRIPT '{"param": "value"}'
require "json"
require "securerandom"
require "wharfinger/v1/task_service_services_pb"

V1 = Wharfinger::V1
address, script, params = ARGV
abort "usage: watch.rb HOST:PORT SCRIPT PARAMS-AS-JSON" unless params

def client(address)
  # A channel of its own each time; it looks for the server again after a second at most.
  V1::TaskService::Stub.new(address, :this_channel_is_insecure, channel_args: {"grpc.max_reconnect_backoff_ms" => 1000, "grpc.use_local_subchannel_pool" => 1})
end

# Asks again while nobody answers: allowed for what only reads, and for what has a request_id.
def patiently
  yield
rescue GRPC::Unavailable, GRPC::DeadlineExceeded
  sleep 0.2
  retry
end

# What the event is about, in a line.
def text(event)
  case event.detail
  when :state_change then event.state_change.state
  when :entry then "#{event.entry.state} #{event.entry.key}"
  when :log then event.log.text
  when :failure then event.failure.message
  end
end

request = V1::CreateTaskRequest.new(
  parent: "projects/default", request_id: SecureRandom.uuid,
  task: V1::Task.new(script: script, params: Google::Protobuf::Struct.decode_json(params))
)
task = patiently { client(address).create_task(request, deadline: Time.now + 10) }

after = 0
events = 2
loop do
  last = nil
  begin
    watch = V1::WatchTaskRequest.new(name: task.name, after_sequence: after)
    call = client(address).watch_task(watch, return_op: true)
    left = events
    call.execute.each do |told|
      last = told.snapshot if told.kind == :snapshot
      (told.events&.events || []).each do |event|
        break if left.zero?
        puts "event #{after = event.sequence} #{text(event)}"
        left -= 1
      end
      break if left.zero?
    end
  rescue GRPC::Unavailable, GRPC::Cancelled, GRPC::Unknown
    next
  end
  break if left.positive? && last&.end_time && last.last_sequence == after
  call.cancel
  puts "hung up after #{after}"
  events *= 2
end

task = patiently { client(address).get_task(V1::GetTaskRequest.new(name: task.name), deadline: Time.now + 10) }
puts "ended #{task.name} #{task.state} #{task.failure&.message}"
exit unless (half = task.partial_failure)

puts "failed step #{half.failed_step.inspect}, retryable #{half.retryable}, left over #{half.total_left_over}"
# The failure has the first hundred; ListLedgerEntries has all.
half.left_over.each do |entry|
  puts "left over #{entry.state} #{entry.key} #{entry.type} #{entry.external_id} #{entry.failure&.message}"
end
puts "not attempted [#{half.not_attempted.to_a.join(" ")}]"
puts "allowed [#{half.allowed_actions.to_a.join(" ")}]"
hourly = half.cost.known_hourly.map { |money| "#{money.amount} #{money.currency_code}" }
puts "costs [#{hourly.join(" ")}] unpriced #{half.cost.unpriced} uncertain #{half.cost.uncertain}"
