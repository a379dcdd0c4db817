package dev.wharfinger.client;

import dev.wharfinger.v1.LedgerEntry;

/** What entries of a ledger say of themselves. */
final class Ledgers {
  private Ledgers() {}

  /** Whether nobody can tell if the thing exists; so too where this client does not know the state. */
  static boolean uncertain(LedgerEntry entry) {
    return switch (entry.getState()) {
      case LEDGER_ENTRY_STATE_INTENDED,
          LEDGER_ENTRY_STATE_UNCERTAIN,
          LEDGER_ENTRY_STATE_MISSING,
          LEDGER_ENTRY_STATE_UNSPECIFIED,
          UNRECOGNIZED -> true;
      default -> false;
    };
  }

  /** Whether the thing is the task's and may be alive. */
  static boolean leftOver(LedgerEntry entry) {
    return entry.getOwned()
        && switch (entry.getState()) {
          case LEDGER_ENTRY_STATE_NOT_CREATED,
              LEDGER_ENTRY_STATE_UNDONE,
              LEDGER_ENTRY_STATE_RETAINED,
              LEDGER_ENTRY_STATE_FORGOTTEN -> false;
          default -> true;
        };
  }

  /** The state without its prefix; UNKNOWN for one that this client does not know. */
  static String word(LedgerEntry entry) {
    return switch (entry.getState()) {
      case UNRECOGNIZED, LEDGER_ENTRY_STATE_UNSPECIFIED -> "UNKNOWN";
      default -> entry.getState().name().substring("LEDGER_ENTRY_STATE_".length());
    };
  }
}
