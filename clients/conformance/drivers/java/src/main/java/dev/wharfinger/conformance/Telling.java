package dev.wharfinger.conformance;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import com.google.protobuf.util.JsonFormat;
import dev.wharfinger.client.Estimate;
import dev.wharfinger.client.LeftoverCosts;
import dev.wharfinger.client.Money;
import dev.wharfinger.client.PartialFailureException;
import dev.wharfinger.client.RefusedException;
import dev.wharfinger.client.RolledBackException;
import dev.wharfinger.client.TaskCancelledException;
import dev.wharfinger.client.TaskEvent;
import dev.wharfinger.client.TaskFailedException;
import dev.wharfinger.client.TaskHandle;
import dev.wharfinger.client.TimedOutException;
import dev.wharfinger.client.UnreachableException;
import dev.wharfinger.v1.Budget;
import dev.wharfinger.v1.Caller;
import dev.wharfinger.v1.DecimalMoney;
import dev.wharfinger.v1.Failure;
import dev.wharfinger.v1.LedgerEntry;
import dev.wharfinger.v1.LeftoverCost;
import dev.wharfinger.v1.LeftoverGroup;
import dev.wharfinger.v1.Price;
import dev.wharfinger.v1.PriceChange;
import dev.wharfinger.v1.SummarizeLeftoversResponse;
import dev.wharfinger.v1.Task;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What the client gave, in the words of the conformance suite. */
final class Telling {
  private Telling() {}

  static Map<String, Object> task(TaskHandle handle) {
    Task raw = handle.raw();
    Map<String, Object> told = new LinkedHashMap<>();
    told.put("name", raw.getName());
    told.put("state", handle.state());
    told.put("script", raw.getScript());
    told.put("script_version", raw.getScriptVersion());
    told.put("params", json(raw.getParams()));
    told.put("result", raw.hasResult() ? json(raw.getResult()) : null);
    told.put("failure", raw.hasFailure() ? failure(raw.getFailure()) : null);
    told.put("labels", raw.getLabelsMap());
    told.put("creator", raw.getCreator());
    told.put("last_sequence", raw.getLastSequence());
    return told;
  }

  private static Map<String, Object> failure(Failure raw) {
    Map<String, Object> told = new LinkedHashMap<>();
    told.put("code", raw.getCode().name());
    told.put("reason", raw.getReason());
    told.put("message", raw.getMessage());
    told.put("metadata", raw.getMetadataMap());
    return told;
  }

  static Map<String, Object> event(TaskEvent event) {
    Map<String, Object> told = new LinkedHashMap<>();
    told.put("task", event.task());
    told.put("sequence", event.sequence());
    if (!event.resumeToken().isEmpty()) {
      told.put("resume_token", hex(event.resumeToken()));
    }
    if (event instanceof TaskEvent.Snapshot snapshot) {
      told.put("kind", "snapshot");
      told.put("state", snapshot.state());
      told.put("final", snapshot.last());
    } else if (event instanceof TaskEvent.StateChanged change) {
      told.put("kind", "state");
      told.put("state", change.state());
      told.put("reason", change.reason());
    } else if (event instanceof TaskEvent.EntryChanged change) {
      told.put("kind", "entry");
      told.put("key", change.entry().getKey());
      told.put("entry_state", state(change.entry()));
    } else if (event instanceof TaskEvent.LogLine line) {
      told.put("kind", "log");
      told.put("text", line.text());
    } else if (event instanceof TaskEvent.Failed failed) {
      told.put("kind", "failure");
      told.put("text", failed.failure().getMessage());
      told.put("reason", failed.failure().getReason());
    } else if (event instanceof TaskEvent.Progressed) {
      told.put("kind", "progress");
    } else {
      told.put("kind", "unknown");
    }
    return told;
  }

  static Map<String, Object> entry(LedgerEntry entry) {
    return Map.of(
        "key", entry.getKey(), "type", entry.getType(), "state", state(entry), "external_id", entry.getExternalId());
  }

  private static String state(LedgerEntry entry) {
    return switch (entry.getState()) {
      case UNRECOGNIZED, LEDGER_ENTRY_STATE_UNSPECIFIED -> "UNKNOWN";
      default -> entry.getState().name().replaceFirst("^LEDGER_ENTRY_STATE_", "");
    };
  }

  static Map<String, Object> money(Money money) {
    return Map.of("amount", money.amount().toPlainString(), "currency", money.currency());
  }

  static Map<String, Object> caller(Caller caller) {
    return Map.of(
        "creator", caller.getCreator(),
        "identity", caller.getIdentity().name().replaceFirst("^CALLER_IDENTITY_", ""),
        "role", caller.getRole().name().replaceFirst("^ROLE_", ""),
        "all_projects", caller.getAllProjects(),
        "projects", List.copyOf(caller.getProjectsList()));
  }

  private static List<Map<String, String>> amounts(List<DecimalMoney> amounts) {
    return amounts.stream()
        .map(money -> Map.of("amount", money.getAmount(), "currency", money.getCurrencyCode()))
        .toList();
  }

  /** What a price amounts to; null where that is unknown. */
  static Object amount(Price price) {
    return price.hasAmount() ? price.getAmount().getAmount() : null;
  }

  static Map<String, Object> change(PriceChange change) {
    Map<String, Object> told = new LinkedHashMap<>();
    told.put("sku", (change.hasAfter() ? change.getAfter() : change.getBefore()).getSku());
    told.put("before", amount(change.getBefore()));
    told.put("after", amount(change.getAfter()));
    return told;
  }

  static Map<String, Object> budget(Budget budget) {
    return Map.of(
        "project", budget.getProject().replaceFirst("^projects/", ""),
        "limit", amounts(budget.getHourlyLimitList()),
        "use", amounts(budget.getHourlyUseList()));
  }

  static Map<String, Object> leftovers(SummarizeLeftoversResponse told) {
    return Map.of("groups", told.getGroupsList().stream().map(Telling::group).toList(), "total", group(told.getTotal()));
  }

  private static Map<String, Object> group(LeftoverGroup group) {
    LeftoverCost cost = group.getCost();
    Map<String, Object> costs =
        Map.of(
            "known_hourly", amounts(cost.getKnownHourlyList()),
            "unpriced", cost.getUnpriced(),
            "uncertain", cost.getUncertain());
    return Map.of(
        "key", group.getKey(), "tasks", group.getTaskCount(), "alive", group.getAliveCount(), "cost", costs);
  }

  static Map<String, Object> estimate(Estimate estimate) {
    return Map.of("hourly", estimate.hourly().stream().map(Telling::money).toList(), "unpriced", estimate.unpriced());
  }

  static Map<String, Object> error(Throwable error) {
    Map<String, Object> told = new LinkedHashMap<>();
    if (error instanceof RefusedException refused) {
      told.put("code", refused.code().name());
      told.put("reason", refused.reason());
      told.put("metadata", refused.metadata());
      told.put("violations", refused.violations().stream().map(RefusedException.Violation::field).toList());
      told.put("choices", refused.choices());
      told.put("retryable", refused.retryable());
    } else if (error instanceof UnreachableException unreachable) {
      told.put("code", unreachable.code().name());
      told.put("retryable", true);
    } else if (error instanceof TaskFailedException failed) {
      failed.failure().ifPresent(failure -> told.putAll(failure(failure)));
    }
    if (error instanceof PartialFailureException half) {
      told.put("created", keys(half.created()));
      told.put("uncertain", keys(half.uncertain()));
      told.put("not_attempted", half.notAttempted());
      told.put("allowed_actions", half.allowedActions());
      told.put("cost", half.cost().map(Telling::cost).orElse(null));
      told.put("failed_step", half.failedStep());
      told.put("retryable", half.retryable());
    }
    told.put("kind", kind(error));
    told.put("message", String.valueOf(error.getMessage()));
    return told;
  }

  private static String kind(Throwable error) {
    if (error instanceof RefusedException) {
      return "Refused";
    }
    if (error instanceof UnreachableException) {
      return "Unreachable";
    }
    if (error instanceof PartialFailureException) {
      return "PartialFailure";
    }
    if (error instanceof TaskCancelledException) {
      return "TaskCancelled";
    }
    if (error instanceof RolledBackException) {
      return "RolledBack";
    }
    if (error instanceof TaskFailedException) {
      return "TaskFailed";
    }
    return error instanceof TimedOutException ? "TimedOut" : "Invalid";
  }

  private static Map<String, Object> cost(LeftoverCosts cost) {
    return Map.of(
        "known_hourly", cost.knownHourly().stream().map(Telling::money).toList(),
        "unpriced", cost.unpriced(),
        "uncertain", cost.uncertain());
  }

  private static List<String> keys(List<LedgerEntry> entries) {
    return entries.stream().map(LedgerEntry::getKey).toList();
  }

  static String hex(ByteString bytes) {
    return HexFormat.of().formatHex(bytes.toByteArray());
  }

  static Json.Ready json(Message message) {
    try {
      return new Json.Ready(JsonFormat.printer().omittingInsignificantWhitespace().print(message));
    } catch (InvalidProtocolBufferException error) {
      throw new IllegalArgumentException(error);
    }
  }
}
