"""Where tasks, ledgers and events are durable: SQLAlchemy Core on SQLite or PostgreSQL, written in group commits."""
